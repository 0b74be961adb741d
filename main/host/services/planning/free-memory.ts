import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';

const CGROUP = '/sys/fs/cgroup';

/**
 * Bytes that a program can allocate without swapping or failure: what the system reports as
 * available (on Linux with reclaimable caches), capped by a container's limit.
 */
export function freeMemory(folder = CGROUP, free = freemem): number {
  const room = process.platform === 'linux' ? containerRoom(folder) : null;
  return Math.min(free(), room ?? Infinity);
}

/**
 * What remains of a container's limit, its file caches counted as free; null without a limit
 * (cgroup v2).
 */
function containerRoom(folder: string): number | null {
  const limit = Number(readOrNull(`${folder}/memory.max`) ?? NaN);
  const used = Number(readOrNull(`${folder}/memory.current`) ?? NaN);
  if (!Number.isFinite(limit) || !Number.isFinite(used)) return null;
  const caches = /^inactive_file (\d+)$/m.exec(readOrNull(`${folder}/memory.stat`) ?? '');
  return Math.max(0, limit - used + Number(caches?.[1] ?? 0));
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return null;
    throw error;
  }
}
