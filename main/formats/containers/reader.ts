import type { FileHandle } from 'node:fs/promises';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError } from '../files.ts';

/** Fills `into` with the bytes from `position` on. @throws when there are not as many */
export type ReadAt = (position: number, into: Uint8Array) => Promise<void>;

/** Files are read and converted in pieces of this many bytes, a multiple of 8. */
export const PIECE = 16 * 2 ** 20;

/** Reads an open file. @throws KarstError `not-readable`, `file-damaged` where it ends too early */
export function readerOf(handle: FileHandle, path: string): ReadAt {
  return async (position, into) => {
    let done = 0;
    while (done < into.byteLength) {
      const length = Math.min(into.byteLength - done, PIECE);
      const { bytesRead } = await handle
        .read(into, done, length, position + done)
        .catch((error: unknown) => {
          throw readError(path, error);
        });
      if (bytesRead === 0)
        throw new KarstError('file-damaged', `${path} became shorter while it was read.`, {
          hint: 'Do not change the file while it is in use.',
          path,
        });
      done += bytesRead;
    }
  };
}
