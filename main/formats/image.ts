import { createHash } from 'node:crypto';
import sharp, { type OutputInfo } from 'sharp';
import { KarstError } from '../../shared/domain/errors.ts';
import { BmpError, readBmp } from './bmp.ts';
import { type ColourTransform, matrixTransform } from './colour-profile.ts';
import { readWholeFile } from './files.ts';
import { type ImageFormat, imageSignature } from './image-signature.ts';
import { leanJpeg } from './jpeg-metadata.ts';

// Images are decoded several at a time, so each takes one thread; a cache of operations would only hold memory.
sharp.concurrency(1);
sharp.cache(false);

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
 * Decodes an image to sRGB, 8 bits, three channels: EXIF orientation applied, the first frame or page, alpha
 * flattened on white, embedded colour profiles converted to sRGB, grey and CMYK to RGB.
 *
 * The format is told by the content, and only JPEG, PNG, WebP, GIF, TIFF, BMP and AVIF reach a decoder. A file
 * that is cut off or that its decoder reports as in error is refused; mere warnings (foreign bytes between JPEG
 * segments, unknown TIFF tags) are not, as many cameras and scanners write such files and PIL takes them.
 *
 * @param bytes the whole file
 * @param path only for the sentences
 * @throws KarstError `file-damaged`, `format-unsupported`, `format-unknown`
 */
export async function decodeImage(bytes: Uint8Array, path: string): Promise<DecodedImage> {
  if (bytes.length === 0) throw damaged(path, 'is empty');
  const signature = imageSignature(bytes);
  if (signature.kind === 'refused')
    throw new KarstError(
      'format-unsupported',
      `${path} is ${signature.name}, which is not taken.`,
      {
        hint: signature.hint,
        path,
      },
    );
  if (signature.kind === 'unknown')
    throw new KarstError('format-unknown', `${path} is not an image.`, {
      hint: 'JPEG, PNG, WebP, GIF, TIFF, BMP and AVIF are taken.',
      path,
    });
  const { format } = signature;
  if (format === 'bmp') return decodeBmp(bytes, path);

  const { encoded, transform } = withoutMetadata(bytes, format);
  const { data, info } = await decodeByLibvips(encoded, path);
  if (info.channels !== 3)
    throw new KarstError(
      'format-unsupported',
      `${path} has ${info.channels} channels that cannot be shown as colours.`,
      { hint: 'Convert it to RGB.', path },
    );
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

/** libvips keeps its messages in one buffer for all threads: a neighbour's call can empty it before it is read. */
const LOST_MESSAGE = 'Unknown error';

async function decodeByLibvips(
  bytes: Uint8Array,
  path: string,
): Promise<{ data: Uint8Array; info: OutputInfo }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sharp(bytes, { failOn: 'error', limitInputPixels: PIXEL_LIMIT })
        .autoOrient()
        .flatten({ background: '#ffffff' })
        .toColourspace('srgb')
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
    } catch (error) {
      const lost = error instanceof Error && error.message.includes(LOST_MESSAGE);
      if (!lost || attempt === 3) throw decoderError(path, error);
    }
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
    throw new KarstError('format-unsupported', `${path} ${error.message}.`, {
      hint: 'Convert it to PNG or make it smaller.',
      path,
    });
  }
}

function damaged(path: string, what: string): KarstError {
  return new KarstError('file-damaged', `${path} ${what}.`, {
    hint: 'Replace it by an intact copy or take it out of the dataset.',
    path,
  });
}

function decoderError(path: string, error: unknown): KarstError {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes('exceeds pixel limit'))
    return new KarstError(
      'format-unsupported',
      `${path} has more than ${PIXEL_LIMIT / 1e6} megapixels.`,
      { hint: 'Make it smaller.', path, cause: error },
    );
  // The decoder's message may have several lines, each with the name of its module before it.
  const reason = text
    .split('\n')
    .map((line) => line.replace(/^\w+: /, '').trim())
    .find((line) => line !== '' && line !== LOST_MESSAGE);
  return new KarstError(
    'file-damaged',
    `${path} cannot be decoded: ${reason ?? 'its content is damaged'}.`,
    {
      hint: 'Replace it by an intact copy or take it out of the dataset.',
      path,
      cause: error,
    },
  );
}
