import { crc32 } from 'node:zlib';
import type { ImageFormat } from './image-signature.ts';
import { jpegStructure } from './jpeg-structure.ts';
import { readTiffTags, TAG, tiffBlocks } from './tiff-directory.ts';
import { cutOffByZeros, MANY_ZEROS, trailingZeros } from './zero-tail.ts';

/**
 * Why a file cannot be decoded, found in the file itself. The decoder's own messages are of no use: libvips keeps them in
 * one buffer for all threads, so that images which are decoded side by side get each other's.
 */
export interface ImageFault {
  /** A sentence without its subject. */
  readonly what: string;
  /** Whether the file may be sound, but of an unsupported kind. */
  readonly unsupported: boolean;
}

const damaged = (what: string): ImageFault => ({ what, unsupported: false });
const unsupported = (what: string): ImageFault => ({ what, unsupported: true });

/** Looks for the fault of a file that its decoder has refused. */
export function imageFault(file: Uint8Array, format: ImageFormat): ImageFault {
  const found = FINDERS[format]?.(file) ?? null;
  if (found !== null) return found;
  return damaged(`holds damaged ${format === 'webp' ? 'WebP' : format.toUpperCase()} data`);
}

const FINDERS: Partial<Record<ImageFormat, (file: Uint8Array) => ImageFault | null>> = {
  jpeg: jpegFault,
  png: pngFault,
  webp: webpFault,
  gif: (file) => (file.length < 13 ? damaged('is cut off in its header') : null),
  tiff: tiffFault,
  avif: avifFault,
};

function jpegFault(file: Uint8Array): ImageFault | null {
  const { frame, precision, scans, ends } = jpegStructure(file);
  if (frame === null || scans === 0) return damaged('is cut off before its picture');
  if (frame >= 0xc9) return unsupported('is a JPEG with arithmetic coding, which is not supported');
  if (frame === 0xc3 || frame >= 0xc5)
    return unsupported('is a lossless or hierarchical JPEG, which is not supported');
  if (precision !== 8)
    return unsupported(`is a JPEG of ${String(precision)} bits a sample, which is not supported`);
  return ends ? null : damaged('is cut off: its end-of-image marker is missing');
}

/** The fault, or that the file is zeros from before `end` on. */
function orZeros(file: Uint8Array, end: number, what: string): ImageFault {
  const zeros = trailingZeros(file);
  const reach = zeros >= MANY_ZEROS && file.length - zeros < end;
  return damaged(reach ? cutOffByZeros(zeros) : what);
}

const PNG_NAME = /^[A-Za-z]{4}$/;

function pngFault(file: Uint8Array): ImageFault | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let pixels = 0;
  for (let at = 8; at < file.length;) {
    if (at + 12 > file.length) return damaged('is cut off between its chunks');
    const bytes = view.getUint32(at);
    const name = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const end = at + 12 + bytes;
    if (!PNG_NAME.test(name))
      return orZeros(file, end, `has bytes that belong to no chunk behind its byte ${String(at)}`);
    if (end > file.length) return damaged(`is cut off in its chunk ${name}`);
    // Decoders pass over chunks that they need not know, whatever their checksum is.
    const needed = /^[A-Z]/.test(name);
    if (needed && crc32(file.subarray(at + 4, end - 4)) !== view.getUint32(end - 4))
      return orZeros(file, end, `has a wrong checksum in its chunk ${name}`);
    if (name === 'IDAT') pixels += 1;
    if (name === 'IEND') break;
    at = end;
  }
  return pixels === 0 ? damaged('is cut off before its picture') : null;
}

function webpFault(file: Uint8Array): ImageFault | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const cut = file.length < 20 || 8 + view.getUint32(4, true) > file.length;
  return cut ? damaged('is cut off: it is shorter than its header says') : null;
}

/** Ways of compression that decoders know: none, CCITT, LZW, JPEG, Deflate, PackBits, Zstandard, WebP. */
const TIFF_COMPRESSIONS = [1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50000, 50001];

function tiffFault(file: Uint8Array): ImageFault | null {
  const tags = readTiffTags(file);
  if (tags === null)
    return orZeros(file, file.length, 'is cut off: its directory is not in the file');
  const compression = tags.get(TAG.compression)?.[0] ?? 1;
  if (!TIFF_COMPRESSIONS.includes(compression))
    return unsupported(`is compressed by method ${String(compression)}, which is not supported`);
  const behind = tiffBlocks(tags).some(({ offset, bytes }) => offset + bytes > file.length);
  return behind ? damaged('is cut off: some of its pixels are not in the file') : null;
}

/** The boxes of the outermost level (ISO/IEC 14496-12, 4.2). */
function avifFault(file: Uint8Array): ImageFault | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length;) {
    if (at + 8 > file.length) return damaged('is cut off between its boxes');
    const bytes = view.getUint32(at);
    if (bytes === 0) return null;
    const long = bytes === 1 && at + 16 <= file.length;
    const size = long ? Number(view.getBigUint64(at + 8)) : bytes;
    if (size < 8) return null;
    if (at + size > file.length) return damaged('is cut off: it is shorter than its boxes say');
    at += size;
    if (at === file.length) return orZeros(file, at, 'holds damaged AVIF data');
  }
  return null;
}
