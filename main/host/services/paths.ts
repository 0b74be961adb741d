import { rename, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { makeFolder, readError, syncFolder, systemCode, writeError } from '../../formats/files.ts';
import type { HomeFolders } from '../home.ts';

/** `stat` with readable errors. @throws not-found, not-readable */
export async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw readError(path, error);
  }
}

/** Nothing exists under a name that the file system cannot have. */
const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

/** null if it does not exist. @throws not-readable */
export async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (ABSENT.has(systemCode(error))) return null;
    throw readError(path, error);
  }
}

/** Moves a folder of the home to its `bin`; does nothing if it has gone. Returns its new path. */
export async function moveToBin(
  folders: HomeFolders,
  folder: string,
  name: string,
): Promise<string | null> {
  if ((await statOrNull(folder)) === null) return null;
  await makeFolder(folders.bin);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const target = join(folders.bin, `${name}-${stamp}`);
  try {
    await rename(folder, target);
  } catch (error) {
    throw writeError(target, error);
  }
  await syncFolder(folders.bin);
  await syncFolder(dirname(folder));
  return target;
}

/** @throws cancelled when the signal was aborted */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted)
    throw new KarstError('cancelled', `${what} was cancelled.`, { hint: 'Nothing was changed.' });
}
