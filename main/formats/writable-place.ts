import { mkdir, rmdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemCode, writeError } from './files.ts';
import { temporaryName } from './temporary-files.ts';

/**
 * Tries whether a file or folder can be made at `path`, by one beside it that is removed at once:
 * permissions alone do not tell of read-only and full disks.
 * @throws KarstError not-writable
 */
export async function requireWritable(path: string): Promise<void> {
  const target = resolve(path);
  const trial = temporaryName(target);
  try {
    // The trial's name is cut: whether the target's is too long shows here.
    await stat(target).catch((error: unknown) => {
      if (systemCode(error) === 'ENAMETOOLONG') throw error;
    });
    await mkdir(trial);
    await rmdir(trial);
  } catch (error) {
    throw writeError(target, error);
  }
}
