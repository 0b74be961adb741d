import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { KarstError } from '../../shared/domain/errors.ts';
import {
  readWholeFile,
  reasonOf,
  renameWithRetry,
  systemCode,
  writeError,
  writeFileAtomic,
} from './files.ts';
import { sweepTemporaries, temporaryName } from './temporary-files.ts';

/**
 * A folder with the content of a bundled zip. It is created atomically; in an existing one every
 * file is compared with the zip by length and CRC-32 and restored if missing or different. Other
 * files are left alone. Safe with concurrent processes.
 *
 * @param zip of small regular files
 * @param folder created with its parents
 * @throws not-found, file-damaged for the zip; not-writable
 */
export async function unpackedFolder(zip: string, folder: string): Promise<void> {
  const files = await readZip(zip);
  try {
    if (!existsSync(folder)) await unpackWhole(files, folder);
    for (const [name, bytes] of files) {
      const path = join(folder, name);
      if (await isSame(path, bytes)) continue;
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, bytes);
    }
  } catch (error) {
    throw error instanceof KarstError ? error : writeError(folder, error);
  }
}

/** If another process was first, the temporary folder is removed. */
async function unpackWhole(files: ReadonlyMap<string, Buffer>, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await sweepTemporaries(dirname(folder));
  const temporary = temporaryName(folder);
  try {
    for (const place of new Set([...files.keys()].map(dirname)))
      await mkdir(join(temporary, place), { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(temporary, name), bytes);
    await renameWithRetry(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemCode(error) ?? '') || !existsSync(folder))
      throw error;
  }
}

async function isSame(path: string, wanted: Buffer): Promise<boolean> {
  try {
    const found = await readWholeFile(path);
    return found.length === wanted.length && crc32(found) === crc32(wanted);
  } catch (error) {
    if (error instanceof KarstError && error.code === 'not-found') return false;
    throw error;
  }
}

async function readZip(path: string): Promise<ReadonlyMap<string, Buffer>> {
  let archive: yauzl.ZipFile;
  try {
    archive = await yauzl.openPromise(path, { autoClose: false, strictFileNames: true });
  } catch (cause) {
    throw zipProblem(path, cause);
  }
  const files = new Map<string, Buffer>();
  try {
    for await (const entry of archive.eachEntry()) {
      const bytes = await buffer(await archive.openReadStreamPromise(entry));
      if (crc32(bytes) !== entry.crc32) throw new Error(`${entry.fileName} has another checksum`);
      files.set(entry.fileName, bytes);
    }
  } catch (cause) {
    throw zipProblem(path, cause);
  } finally {
    archive.close();
  }
  return files;
}

function zipProblem(path: string, cause: unknown): KarstError {
  const missing = systemCode(cause) === 'ENOENT';
  return new KarstError(
    missing ? 'not-found' : 'file-damaged',
    missing ? `There is no file ${path}.` : `${path} cannot be read: ${reasonOf(cause)}.`,
    { hint: 'Restore it from the repository, or reinstall the application.', path, cause },
  );
}
