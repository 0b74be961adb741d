import { inflateSync } from 'node:zlib';
import { doubtfulFrame } from './gif-frame.ts';
import type { ImageFormat } from './image-signature.ts';
import { jpegStructure } from './jpeg-structure.ts';
import { TAG, tiffBlocks, type TiffTags } from './tiff-directory.ts';
import { cutOffByZeros, MANY_ZEROS, trailingZeros } from './zero-tail.ts';

const COMPRESSION = { jpeg: 7, deflate: 8, oldDeflate: 32946 } as const;

/**
 * Says what is missing of a file of full length whose rest is zeros. Decoders read zeros as codes like others and make a
 * picture that is grey or black from some row on. What tells such a file is looked at before it is decoded, and costs next
 * to nothing for one that ends as it should. WebP needs the decoder for it: see `webp-tail.ts`; PNG and AVIF have checks of
 * their own, which their decoders make.
 *
 * @param tags of a TIFF
 * @returns what is wrong, a sentence without its subject; null when nothing is missing as far as this can be told
 */
export function missingRest(
  file: Uint8Array,
  format: ImageFormat,
  tags: TiffTags | null,
): string | null {
  if (format === 'jpeg') return missingOfJpeg(file);
  if (format === 'gif') return missingOfGif(file);
  return format === 'tiff' && tags !== null ? missingOfTiff(file, tags) : null;
}

const endsWithMarker = (bytes: Uint8Array, end: number): boolean =>
  bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9;

function missingOfJpeg(file: Uint8Array): string | null {
  if (endsWithMarker(file, file.length)) return null;
  const zeros = trailingZeros(file);
  // Zeros behind the end marker are padding; so are those behind what some cameras append to it.
  if (zeros < MANY_ZEROS || endsWithMarker(file, file.length - zeros)) return null;
  return jpegStructure(file).ends ? null : cutOffByZeros(zeros);
}

function missingOfGif(file: Uint8Array): string | null {
  const frame = doubtfulFrame(file);
  if (frame === null || frame.present === frame.announced) return null;
  return `is cut off: its picture has ${String(frame.present)} of ${String(frame.announced)} pixels`;
}

/** Uncompressed pixels that are zero are black; nothing tells them from missing ones. */
function missingOfTiff(file: Uint8Array, tags: TiffTags): string | null {
  const compression = tags.get(TAG.compression)?.[0] ?? 1;
  const { jpeg, deflate, oldDeflate } = COMPRESSION;
  if (![jpeg, deflate, oldDeflate].some((known) => known === compression)) return null;
  for (const { offset, bytes } of tiffBlocks(tags)) {
    const end = offset + bytes;
    // One look at each block: the many bytes of a sound file are not read for this.
    if (bytes === 0 || end > file.length || file[end - 1] !== 0) continue;
    const block = file.subarray(offset, end);
    const zeros = trailingZeros(block);
    if (zeros < MANY_ZEROS) continue;
    if (compression === jpeg ? endsWithMarker(block, bytes - zeros) : inflates(block)) continue;
    return cutOffByZeros(zeros);
  }
  return null;
}

function inflates(block: Uint8Array): boolean {
  try {
    inflateSync(block);
    return true;
  } catch {
    // What zlib says of it is that the rest is missing.
    return false;
  }
}
