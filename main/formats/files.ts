import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesInWords } from '../../shared/domain/bytes-in-words.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { temporaryName } from './temporary-files.ts';

/**
 * Writing that leaves either the old file or the whole new one, never a part: a temporary file in the same
 * folder, fsync, rename, fsync of the folder. Errors surface as `KarstError`s that name the file.
 */

/** The part of a `FileHandle` that a streaming writer needs: bytes are appended in order. */
export type Append = (bytes: Uint8Array) => Promise<void>;

/** One write call takes at most this much, below the 2 GiB limit of the system call. */
const LARGEST_WRITE = 64 * 2 ** 20;
const READ_SIZE = 2 ** 20;

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file system does not take files of this size',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'the operation is not permitted',
  EBUSY: 'another program is using it',
  EIO: 'the disk reports an input/output error',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENXIO: 'it is a socket, not a file',
  EAGAIN: 'another program is using it',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the path is too long',
};

/** The reason of a system error as text: "the disk is full". */
export function reasonOf(error: unknown): string {
  const code = systemCode(error);
  return (code && REASONS[code]) ?? (error instanceof Error ? error.message : String(error));
}

export function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** The `not-writable` error for `path`; a `KarstError` passes through as it is. */
export function writeError(path: string, error: unknown): KarstError {
  if (error instanceof KarstError) return error;
  return new KarstError('not-writable', `Cannot write ${path}: ${reasonOf(error)}.`, {
    hint:
      systemCode(error) === 'ENAMETOOLONG'
        ? 'Choose a shorter name.'
        : 'Free some space or choose a folder that you may write to.',
    path,
    cause: error,
  });
}

/** The `not-found` or `not-readable` error for `path`; a `KarstError` passes through as it is. */
export function readError(path: string, error: unknown): KarstError {
  if (error instanceof KarstError) return error;
  const code = systemCode(error);
  const missing = code === 'ENOENT' || code === 'ENOTDIR';
  return new KarstError(
    missing ? 'not-found' : 'not-readable',
    `Cannot read ${path}: ${reasonOf(error)}.`,
    {
      hint: missing
        ? 'Check the path.'
        : 'Check that it is a file that your account may open and that the disk works.',
      path,
      cause: error,
    },
  );
}

/**
 * Opening a pipe without a writer would block forever; for regular files the flag has no effect.
 */
const WITHOUT_WAITING =
  constants.O_RDONLY |
  ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0) |
  ((constants as Partial<typeof constants>).O_NOCTTY ?? 0);

/** Why something other than a regular file cannot be read; null for a regular file. */
function noPlainFile(info: Stats): string | null {
  if (info.isFile()) return null;
  if (info.isDirectory()) return 'it is a folder';
  if (info.isFIFO()) return 'it is a pipe, not a file';
  if (info.isSocket()) return 'it is a socket, not a file';
  return 'it is a device, not a file';
}

/**
 * Opens a regular file for reading, and refuses anything else without blocking. All reads of paths
 * that others may have created use this or `openFileSync`.
 *
 * @throws KarstError `not-found`, `not-readable`
 */
export async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, WITHOUT_WAITING);
  } catch (error) {
    throw readError(path, error);
  }
  try {
    const reason = noPlainFile(await handle.stat());
    if (reason !== null) throw new Error(reason);
    return handle;
  } catch (error) {
    await handle.close();
    throw readError(path, error);
  }
}

/**
 * The same synchronously, returning a file descriptor. @throws KarstError `not-found`,
 * `not-readable`
 */
export function openFileSync(path: string): number {
  let file: number | null = null;
  try {
    file = openSync(path, WITHOUT_WAITING);
    const reason = noPlainFile(fstatSync(file));
    if (reason === null) return file;
    throw new Error(reason);
  } catch (error) {
    if (file !== null) closeSync(file);
    throw readError(path, error);
  }
}

/**
 * The whole content of a plain file.
 * @param limit maximum size in bytes
 * @throws KarstError `not-found`, `not-readable`, `format-unsupported` for a larger file
 */
export async function readWholeFile(path: string, limit = Infinity): Promise<Buffer> {
  const handle = await openFile(path);
  try {
    const { size } = await handle.stat();
    if (size > limit)
      throw new KarstError('format-unsupported', `${path} is larger than ${bytesInWords(limit)}.`, {
        hint: 'Make it smaller.',
        path,
      });
    return await handle.readFile();
  } catch (error) {
    throw readError(path, error);
  } finally {
    await handle.close();
  }
}

/** The whole content of a plain file as UTF-8. @throws KarstError `not-found`, `not-readable` */
export async function readTextFile(path: string): Promise<string> {
  return (await readWholeFile(path)).toString('utf8');
}

/** Makes renames and new names in `dir` durable. Windows cannot open folders and needs no such call. */
export async function syncFolder(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await open(dir, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw writeError(dir, error);
  }
}

/** On Windows a virus scanner or indexer that holds the target makes a rename fail for a moment. */
const RENAME_DELAYS = [10, 30, 100, 300, 1000];

export async function renameWithRetry(from: string, to: string): Promise<void> {
  for (const delay of RENAME_DELAYS) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const code = systemCode(error);
      const passing = code === 'EPERM' || code === 'EBUSY' || code === 'EACCES';
      if (process.platform !== 'win32' || !passing) throw error;
      await sleep(delay);
    }
  }
  await rename(from, to);
}

async function appendAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const length = Math.min(bytes.byteLength - done, LARGEST_WRITE);
    const { bytesWritten } = await handle.write(bytes, done, length);
    if (bytesWritten === 0) throw new Error('the file system takes no more bytes');
    done += bytesWritten;
  }
}

/** @throws not-writable */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw writeError(path, error);
  }
}

/**
 * Writes `path` as a whole or not at all; what was there before stays until the new file is complete and on
 * the disk. `data` is text (UTF-8), bytes, or a function that appends chunk by chunk.
 *
 * @param options.replace false: a file that exists is not overwritten; default true
 * @throws KarstError `not-writable`, `name-taken`, or what `data` throws; the old file is untouched and nothing is
 * left over.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | ((append: Append) => Promise<void>),
  options: { readonly replace?: boolean } = {},
): Promise<void> {
  const target = resolve(path);
  const keepOld = async (): Promise<void> => {
    if (options.replace === false && (await exists(target))) throw nameTaken(target);
  };
  await keepOld();
  const temporary = temporaryName(target);
  let handle: FileHandle | null = null;
  // Errors of the caller's function pass through; only our file operations become write errors.
  const guarded = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (error) {
      throw writeError(target, error);
    }
  };
  try {
    const file = await guarded(open(temporary, 'wx', 0o666));
    handle = file;
    if (typeof data === 'function') await data((bytes) => guarded(appendAll(file, bytes)));
    else await guarded(appendAll(file, typeof data === 'string' ? Buffer.from(data) : data));
    await guarded(file.sync());
    handle = null;
    await guarded(file.close());
    await keepOld();
    await guarded(renameWithRetry(temporary, target));
  } catch (error) {
    await discard(temporary, handle, error);
  }
  await syncFolder(dirname(target));
}

/**
 * Copies a file with its times, as a whole or not at all.
 * @throws KarstError `not-readable`, `not-found`, `not-writable`; a file that was at `to` is untouched then
 */
export async function copyFileAtomic(from: string, to: string): Promise<void> {
  const { atime, mtime } = await stat(from).catch((error: unknown) => {
    throw readError(from, error);
  });
  await writeFileAtomic(to, async (append) => {
    try {
      const content = (await openFile(from)).createReadStream();
      for await (const chunk of content) await append(chunk as Uint8Array);
    } catch (error) {
      throw error instanceof KarstError ? error : readError(from, error);
    }
  });
  await utimes(to, atime, mtime).catch((error: unknown) => {
    throw writeError(to, error);
  });
}

/**
 * Fills a new folder as a whole or not at all: `fill` writes into a temporary folder beside `dir`, whose files
 * are then fsynced and which is renamed to `dir`.
 *
 * @throws KarstError `name-taken` when `dir` exists, `not-writable`, or what `fill` throws; nothing is left over.
 */
export async function writeFolderAtomic(
  dir: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = resolve(dir);
  if (await exists(target)) throw nameTaken(target);
  const temporary = temporaryName(target);
  try {
    await mkdir(temporary);
  } catch (error) {
    throw writeError(target, error);
  }
  try {
    await fill(temporary);
    await syncTree(temporary);
    // POSIX renames over an empty folder, Windows refuses: look once more so that both refuse.
    if (await exists(target)) throw nameTaken(target);
    await renameWithRetry(temporary, target).catch((error: unknown) => {
      const code = systemCode(error);
      throw code === 'ENOTEMPTY' || code === 'EEXIST'
        ? nameTaken(target)
        : writeError(target, error);
    });
  } catch (error) {
    await discard(temporary, null, error);
  }
  await syncFolder(dirname(target));
}

function nameTaken(path: string): KarstError {
  return new KarstError('name-taken', `${path} already exists and is not overwritten.`, {
    hint: 'Choose another name or move it away.',
    path,
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw readError(path, error);
  }
}

async function syncTree(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) {
      try {
        const handle = await open(path, 'r+');
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw writeError(path, error);
      }
    }
  }
  await syncFolder(dir);
}

/** Removes the partial result and throws `error`, together with a failure to remove. */
async function discard(path: string, handle: FileHandle | null, error: unknown): Promise<never> {
  try {
    await handle?.close();
    await rm(path, { recursive: true, force: true });
  } catch (leftOver) {
    throw new AggregateError(
      [error, leftOver],
      `${error instanceof Error ? error.message : String(error)} The temporary ${path} could not be removed: ${reasonOf(leftOver)}.`,
    );
  }
  throw error;
}

/**
 * SHA-256 of a file in lower-case hexadecimal, read in pieces of 1 MiB; `onBytes` is told how many bytes each had.
 *
 * @throws KarstError `not-found`, `not-readable`
 */
export async function sha256OfFile(
  path: string,
  onBytes?: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  try {
    const handle = await openFile(path);
    try {
      const buffer = new Uint8Array(READ_SIZE);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, READ_SIZE);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        onBytes?.(bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
  return hash.digest('hex');
}
