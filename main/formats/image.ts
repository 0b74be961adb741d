import { createHash } from 'node:crypto';
import sharp, { type OutputInfo } from 'sharp';
import { KarstError } from '../../shared/domain/errors.ts';
import { BmpError, readBmp } from './bmp.ts';
import { type ColourTransform, matrixTransform } from './colour-profile.ts';
import { readWholeFile } from './files.ts';
import { HeifError, readHeif } from './heif.ts';
import { imageFault } from './image-fault.ts';
import { type ImageFormat, imageSignature } from './image-signature.ts';
import { leanJpeg } from './jpeg-metadata.ts';
import { missingRest } from './missing-rest.ts';
import { readTiffTags } from './tiff-directory.ts';
import { readSamples } from './tiff-samples.ts';
import { withoutTail } from './webp-tail.ts';

// Images are decoded several at a time, so each takes one thread; a cache of operations would only hold memory.
sharp.concurrency(1);
sharp.cache(false);

/** For the hint of what is not one of them. */
export const TAKEN_FORMATS = 'JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC are supported.';

/** Largest width × height that is decoded: 100 megapixels are 300 MB of pixels. */
export const PIXEL_LIMIT = 100_000_000;

/** Largest image file, in bytes. */
export const IMAGE_FILE_LIMIT = 512 * 2 ** 20;

export interface DecodedImage {
  readonly format: ImageFormat;
  /** Size in pixels, EXIF orientation applied. */
  readonly width: number;
  readonly height: number;
  /** height × width × 3, sRGB, 8 bits, row-major. */
  readonly pixels: Uint8Array;
}

export interface ReadImage extends DecodedImage {
  /** SHA-256 of the file in lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * Decodes an image to sRGB, 8 bits, three channels: EXIF orientation applied, the first frame or
 * page, alpha flattened on white, embedded colour profiles converted to sRGB, grey and CMYK to RGB.
 *
 * The format is detected by content, and only JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC reach
 * a decoder. A file that is cut off, whose rest is zeros or that its decoder reports as in error is
 * refused; mere warnings (foreign bytes between JPEG segments, unknown TIFF tags) are not, as many
 * cameras and scanners write such files and PIL takes them. So is a TIFF whose values are not said
 * to be colours: floating-point, signed and 32-bit samples, bands of another kind.
 *
 * @param bytes the whole file
 * @param path only for the sentences
 * @throws KarstError `file-damaged`, `format-unsupported`, `format-unknown`
 */
export async function decodeImage(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  if (bytes.length === 0) throw damaged(path, 'is empty');
  const signature = imageSignature(bytes);
  if (signature.kind === 'refused')
    throw notTaken(path, `is ${signature.name}, which is not supported`, signature.hint);
  if (signature.kind === 'unknown')
    throw new KarstError('format-unknown', `${path} is not an image.`, {
      hint: TAKEN_FORMATS,
      path,
    });
  const { format } = signature;
  if (format === 'bmp') return decodeBmp(bytes, path);
  if (format === 'heic') return decodeHeif(bytes, path);

  const tags = format === 'tiff' ? readTiffTags(bytes) : null;
  const reading = tags === null ? null : readSamples(tags);
  if (reading?.kind === 'refused') throw notTaken(path, reading.what, reading.hint);
  const missing = missingRest(bytes, format, tags);
  if (missing !== null) throw damaged(path, missing);

  const { encoded, transform } = withoutMetadata(bytes, format);
  const source: Source = { bytes, encoded, format, extras: reading?.extras ?? false };
  const { data, info } = await decodeByLibvips(source, path);
  if (info.channels !== 3)
    throw notTaken(
      path,
      `has ${info.channels} channels that cannot be shown as colors`,
      'Convert it to RGB.',
    );
  if (format === 'webp' && (await lacksRest(bytes)))
    throw damaged(path, 'is cut off: where its rest should be there are zeros');
  transform?.apply(data);
  return { format, width: info.width, height: info.height, pixels: data };
}

/** Transforms of the profiles met so far, by content: the photographs of one camera share one. */
const transforms = new Map<string, ColourTransform | null>();
const TRANSFORMS = 64;

function transformOf(profile: Uint8Array): ColourTransform | null {
  const key = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength).toString(
    'latin1',
  );
  let transform = transforms.get(key);
  if (transform === undefined) {
    transform = matrixTransform(profile);
    if (transforms.size >= TRANSFORMS) transforms.clear();
    transforms.set(key, transform);
  }
  return transform;
}

/** What is handed to the decoder, and the conversion to sRGB that it then leaves to us. */
function withoutMetadata(
  bytes: Uint8Array,
  format: ImageFormat,
): { encoded: Uint8Array; transform: ColourTransform | null } {
  const lean = format === 'jpeg' ? leanJpeg(bytes) : null;
  if (lean === null) return { encoded: bytes, transform: null };
  if (lean.profile === null) return { encoded: lean.bytes, transform: null };
  const transform = transformOf(lean.profile);
  return { encoded: transform === null ? bytes : lean.bytes, transform };
}

interface Source {
  /** The original file, searched for the reason of a failure. */
  readonly bytes: Uint8Array;
  /** What the decoder gets of it. */
  readonly encoded: Uint8Array;
  readonly format: ImageFormat;
  /** Whether bands that are neither colour nor alpha are to be left out. */
  readonly extras: boolean;
}

async function decodeByLibvips(
  { bytes, encoded, format, extras }: Source,
  path: string,
): Promise<{ data: Uint8Array; info: OutputInfo }> {
  const image = sharp(encoded, { failOn: 'error', limitInputPixels: PIXEL_LIMIT }).autoOrient();
  try {
    return await (extras ? image.removeAlpha() : image.flatten({ background: '#ffffff' }))
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw decoderError(path, error, bytes, format);
  }
}

/** Whether a WebP that was decoded can do without its last bytes, which a whole one cannot. */
async function lacksRest(bytes: Uint8Array): Promise<boolean> {
  const shorter = withoutTail(bytes);
  if (shorter === null) return false;
  try {
    await sharp(shorter, { failOn: 'error', limitInputPixels: PIXEL_LIMIT }).raw().toBuffer();
    return true;
  } catch {
    // The decoder missed what was taken away: the file needs all that it has.
    return false;
  }
}

/**
 * Reads and decodes an image file as `decodeImage` does, with the hash of its content.
 *
 * @throws KarstError `not-found`, `not-readable`, and those of `decodeImage`
 */
export async function readImage(path: string): Promise<ReadImage> {
  const bytes = await readWholeFile(path, IMAGE_FILE_LIMIT);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...(await decodeImage(bytes, path)), sha256 };
}

function decodeBmp(bytes: Uint8Array, path: string): DecodedImage {
  try {
    return { format: 'bmp', ...readBmp(bytes, PIXEL_LIMIT) };
  } catch (error) {
    if (!(error instanceof BmpError)) throw error;
    if (!error.unsupported) throw damaged(path, error.message);
    throw notTaken(path, error.message, 'Convert it to PNG or make it smaller.');
  }
}

async function decodeHeif(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  try {
    return { format: 'heic', ...(await readHeif(bytes, PIXEL_LIMIT)) };
  } catch (error) {
    if (!(error instanceof HeifError)) throw error;
    if (!error.unsupported) throw damaged(path, error.message, error);
    throw notTaken(path, error.message, 'Convert it to JPEG or make it smaller.', error);
  }
}

function damaged(path: string, what: string, cause?: unknown): KarstError {
  return new KarstError('file-damaged', `${path} ${what}.`, {
    hint: 'Replace it by an intact copy or remove it from the dataset.',
    path,
    cause,
  });
}

function notTaken(path: string, what: string, hint: string, cause?: unknown): KarstError {
  return new KarstError('format-unsupported', `${path} ${what}.`, { hint, path, cause });
}

function decoderError(
  path: string,
  error: unknown,
  bytes: Uint8Array,
  format: ImageFormat,
): KarstError {
  // These are the words of sharp itself, not of the buffer that libvips shares among threads.
  if (error instanceof Error && error.message.includes('exceeds pixel limit'))
    return notTaken(
      path,
      `has more than ${PIXEL_LIMIT / 1e6} megapixels`,
      'Make it smaller.',
      error,
    );
  const { what, unsupported } = imageFault(bytes, format);
  return unsupported
    ? notTaken(path, what, 'Convert it to an ordinary JPEG or PNG.', error)
    : damaged(path, what, error);
}
