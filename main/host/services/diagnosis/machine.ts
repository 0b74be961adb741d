import { readdir, stat, statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os';
import path from 'node:path';
import type { StudioReport } from './report.ts';

export function machineReport(): StudioReport['machine'] {
  return {
    platform: platform(),
    arch: arch(),
    release: release(),
    node: process.versions.node,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    // A container's limit applies, not the size of the machine.
    memory:
      process.constrainedMemory() > 0
        ? Math.min(process.constrainedMemory(), totalmem())
        : totalmem(),
    memoryFree: Math.min(process.availableMemory(), freemem()),
  };
}

/** Free bytes on the disk of `folder`, which need not exist yet; null if unknown. */
export async function freeSpace(folder: string): Promise<number | null> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || at === path.dirname(at))
        return null;
    }
  }
}

/** Number and size of the files under a folder; zeros if it is missing. */
export async function folderSize(folder: string): Promise<{ files: number; bytes: number }> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { files: 0, bytes: 0 };
    throw error;
  }
  let files = 0;
  let bytes = 0;
  for (const name of names) {
    const info = await stat(path.join(folder, name));
    if (!info.isFile()) continue;
    files++;
    bytes += info.size;
  }
  return { files, bytes };
}
