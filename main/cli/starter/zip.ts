import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { KarstError } from '../../../shared/domain/errors.ts';
import { writeError, writeFolderAtomic } from '../../formats/files.ts';

/** What a zip of images may hold; beyond that it is refused before anything is kept. */
const LIMITS = { entries: 2_000_000, bytes: 64 * 2 ** 30, ratio: 1000 } as const;
const HINT = 'Name a folder with one subfolder per class, or a zip of one.';
const IMAGE = /\.(jpe?g|png|webp|gif|tiff?|bmp|avif|heic|heif)$/i;
/** Unix file types in the upper half of the external attributes. */
const TYPE_MASK = 0o170000;
const REGULAR = 0o100000;

/**
 * Unpacks the images of a zip into the folder `out`, which appears whole or not at all. Only regular files with
 * an image's ending are taken; names that leave the folder and symbolic links are never written.
 * @throws not-found, file-damaged, format-unsupported, not-writable, cancelled
 */
export async function unpackImages(
  zip: string,
  out: string,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const archive = await openZip(zip);
  const refuse = (why: string): KarstError =>
    new KarstError('format-unsupported', `${zip} is not unpacked: ${why}.`, {
      hint: 'Unpack it yourself and name the folder.',
      path: zip,
    });
  try {
    if (archive.entryCount > LIMITS.entries) throw refuse(`it has ${archive.entryCount} entries`);
    await writeFolderAtomic(out, async (folder) => {
      let bytes = 0;
      let done = 0;
      let images = 0;
      for await (const entry of archive.eachEntry()) {
        if (signal.aborted) throw new KarstError('cancelled', `Unpacking ${zip} was cancelled.`);
        onProgress(++done, archive.entryCount);
        const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK;
        const hidden = entry.fileName.split('/').some((part) => part.startsWith('.'));
        if ((type !== 0 && type !== REGULAR) || hidden || !IMAGE.test(entry.fileName)) continue;
        bytes += entry.uncompressedSize;
        if (bytes > LIMITS.bytes) throw refuse('its files are larger than 64 GiB together');
        if (entry.uncompressedSize > LIMITS.ratio * Math.max(1, entry.compressedSize))
          throw refuse(`${entry.fileName} is packed more tightly than any image`);
        const target = path.join(folder, entry.fileName);
        await mkdir(path.dirname(target), { recursive: true });
        const stream = await archive.openReadStreamPromise(entry);
        await pipeline(stream, createWriteStream(target, { flags: 'wx' }));
        images += 1;
      }
      if (images === 0) throw refuse('it has no images');
    });
  } catch (error) {
    if (error instanceof KarstError) throw error;
    const { syscall, message } = error as NodeJS.ErrnoException;
    // What the system did not say, the reader of the archive did.
    throw syscall === undefined ? damaged(zip, message, error) : writeError(out, error);
  } finally {
    archive.close();
  }
}

function damaged(zip: string, reason: string, cause: unknown): KarstError {
  return new KarstError('file-damaged', `${zip} cannot be read as a zip: ${reason}.`, {
    hint: HINT,
    path: zip,
    cause,
  });
}

async function openZip(zip: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(zip, { autoClose: false, lazyEntries: true });
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing) throw damaged(zip, (cause as Error).message, cause);
    throw new KarstError('not-found', `There is no file ${zip}.`, { hint: HINT, path: zip, cause });
  }
}
