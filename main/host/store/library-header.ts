import { closeSync, readSync } from 'node:fs';
import { openFileSync, readError } from '../../formats/files.ts';

/** The header of a SQLite file (https://www.sqlite.org/fileformat.html, 1.3 and 4.1). */
export interface LibraryHeader {
  readonly applicationId: number;
  readonly userVersion: number;
}

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Reads the versions of a library without SQLite, which would create files beside it and checkpoint
 * the WAL of a killed program. The newest copy of the first page in that WAL takes precedence.
 * @returns null for a missing or empty file, or one that SQLite has to judge
 * @throws not-readable
 */
export function readLibraryHeader(path: string): LibraryHeader | null {
  const main = beginningOf(path, HEADER_BYTES);
  if (main?.length !== HEADER_BYTES || main.toString('latin1', 0, 16) !== MAGIC) return null;
  return versionsOf(firstPageInLog(`${path}-wal`) ?? main);
}

const versionsOf = (page: Buffer): LibraryHeader => ({
  applicationId: page.readInt32BE(APPLICATION_ID_AT),
  userVersion: page.readInt32BE(USER_VERSION_AT),
});

function beginningOf(path: string, bytes: number): Buffer | null {
  return withFile(path, (read) => read(0, bytes));
}

/** The start of the first page from the WAL's last transaction with it; null if none has it. */
function firstPageInLog(path: string): Buffer | null {
  return withFile(path, (read) => {
    const header = read(0, WAL_HEADER_BYTES);
    if (header.length < WAL_HEADER_BYTES) return null;
    const pageSize = header.readUInt32BE(8);
    let uncommitted: Buffer | null = null;
    let found: Buffer | null = null;
    for (let at = WAL_HEADER_BYTES; ; at += FRAME_HEADER_BYTES + pageSize) {
      const frame = read(at, FRAME_HEADER_BYTES);
      // Frames from before the WAL's last reset have other salts.
      if (
        frame.length < FRAME_HEADER_BYTES ||
        !frame.subarray(8, 16).equals(header.subarray(16, 24))
      )
        return found;
      if (frame.readUInt32BE(0) === 1) {
        const page = read(at + FRAME_HEADER_BYTES, HEADER_BYTES);
        if (page.length < HEADER_BYTES) return found;
        uncommitted = page;
      }
      // The last frame of a transaction contains the file's new size.
      if (frame.readUInt32BE(4) !== 0) found = uncommitted ?? found;
    }
  });
}

function withFile<T>(
  path: string,
  use: (read: (at: number, bytes: number) => Buffer) => T,
): T | null {
  let file: number;
  try {
    file = openFileSync(path);
  } catch (error) {
    const reason = readError(path, error);
    if ((reason.cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw reason;
  }
  try {
    return use((at, bytes) => {
      const buffer = Buffer.alloc(bytes);
      return buffer.subarray(0, readSync(file, buffer, 0, bytes, at));
    });
  } catch (error) {
    throw readError(path, error);
  } finally {
    closeSync(file);
  }
}
