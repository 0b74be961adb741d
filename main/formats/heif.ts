import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type {
  heif_context,
  heif_image,
  heif_image_handle,
  MainModule,
} from 'libheif-js/libheif-wasm/libheif.js';
import { codePointTransform, matrixTransform } from './colour-profile.ts';
import { readHeifBoxes, type HeifColour } from './heif-boxes.ts';
import { cutOffByZeros, MANY_ZEROS, trailingZeros } from './zero-tail.ts';

/** A HEIF image that cannot be decoded. */
export class HeifError extends Error {
  override readonly name = 'HeifError';
  /** Whether the file may be valid but uses an unsupported feature. */
  readonly unsupported: boolean;

  /** @param message predicate of a sentence whose subject is the file */
  constructor(message: string, unsupported: boolean, cause?: unknown) {
    super(message, { cause });
    this.unsupported = unsupported;
  }
}

/**
 * WebAssembly memory never shrinks, so the decoder is discarded after an image with more pixels
 * than this.
 */
const KEPT_PIXELS = 16_000_000;

let decoder: MainModule | null = null;

/**
 * libheif with libde265, compiled to WebAssembly. Uses its C functions: the JavaScript wrappers
 * treat the first image of a file as the primary one and print errors.
 */
function libheif(): MainModule {
  const require = createRequire(import.meta.url);
  const folder = 'libheif-js/libheif-wasm';
  const make = require(`${folder}/libheif.js`) as (options: object) => MainModule;
  decoder ??= make({
    wasmBinary: readFileSync(require.resolve(`${folder}/libheif.wasm`)),
    // The codec prints problems of the file; the caller gets an error instead.
    printErr: () => undefined,
  });
  return decoder;
}

/**
 * Decodes the primary image of a HEIF file (HEIC: HEVC-coded) to 8-bit sRGB, with alpha flattened
 * on white. Applies HEIF's rotation and mirroring properties; an EXIF orientation only repeats them
 * (ISO/IEC 23008-12, A.2.1). Converts from the ICC profile or code points of the `colr` box to
 * sRGB.
 *
 * @param limit maximum width × height
 * @throws HeifError
 */
export async function readHeif(
  file: Uint8Array,
  limit: number,
): Promise<{ width: number; height: number; pixels: Uint8Array }> {
  const boxes = readHeifBoxes(file);
  if (boxes === null) throw new HeifError('is cut off, or its boxes are damaged', false);
  for (const { offset, bytes } of boxes.extents) {
    if (offset + bytes > file.length)
      throw new HeifError('is cut off: some of its pixels are not in the file', false);
    // Coded video contains no long runs of zeros.
    const zeros = trailingZeros(file.subarray(offset, offset + bytes));
    if (zeros >= MANY_ZEROS) throw new HeifError(cutOffByZeros(zeros), false);
  }
  const toSrgb = conversionOf(boxes.colour);
  const { width, height, rgba, premultiplied } = await decoded(file, limit);
  const pixels = onWhite(rgba, premultiplied);
  return { width, height, pixels: await toSrgb(pixels, width, height) };
}

interface Decoded {
  readonly width: number;
  readonly height: number;
  /** height × width × 4 */
  readonly rgba: Uint8Array;
  readonly premultiplied: boolean;
}

async function decoded(file: Uint8Array, limit: number): Promise<Decoded> {
  const heif = libheif();
  let context: heif_context | null = null;
  let handle: heif_image_handle | null = null;
  let pixels = 0;
  try {
    context = heif.heif_context_alloc();
    const { code, message } = heif.heif_context_read_from_memory(context, file);
    if (code !== heif.heif_error_code.heif_error_Ok) throw refused(heif, { code, message });
    handle = granted(
      heif,
      heif.heif_js_context_get_primary_image_handle(context) as heif_image_handle | Refusal,
    );
    pixels = heif.heif_image_handle_get_width(handle) * heif.heif_image_handle_get_height(handle);
    if (pixels > limit) throw new HeifError(`has more than ${limit / 1e6} megapixels`, true);
    const premultiplied = heif.heif_image_handle_is_premultiplied_alpha(handle) !== 0;
    return { ...(await interleaved(heif, handle)), premultiplied };
  } catch (error) {
    if (error instanceof HeifError) throw error;
    // A WebAssembly trap leaves the decoder in an undefined state.
    decoder = null;
    throw new HeifError(DAMAGED, false, error);
  } finally {
    if (decoder !== null) {
      if (handle !== null) heif.heif_image_handle_release(handle);
      if (context !== null) heif.heif_context_free(context);
      if (pixels > KEPT_PIXELS) decoder = null;
    }
  }
}

/** The error object that libheif returns instead of a result. */
interface Refusal {
  readonly code: unknown;
  readonly message: unknown;
}

function granted<T extends object>(heif: MainModule, answer: T | Refusal): T {
  if (!('code' in answer)) return answer;
  throw refused(heif, answer);
}

function refused({ heif_error_code: codes }: MainModule, { code, message }: Refusal): HeifError {
  const { heif_error_Unsupported_feature: feature, heif_error_Unsupported_filetype: type } = codes;
  return code === feature || code === type
    ? new HeifError('is a HEIF image of an unsupported kind', true, message)
    : new HeifError(DAMAGED, false, message);
}

const DAMAGED = 'holds damaged HEIC data';

interface Interleaved {
  readonly image: heif_image;
  readonly channels: readonly [
    {
      readonly data: Uint8Array;
      readonly stride: number;
      readonly width: number;
      readonly height: number;
    },
  ];
}

async function interleaved(
  heif: MainModule,
  handle: heif_image_handle,
): Promise<{ width: number; height: number; rgba: Uint8Array }> {
  const { image, channels } = granted(
    heif,
    (await heif.heif_js_decode_image2(
      handle,
      heif.heif_colorspace.heif_colorspace_RGB,
      heif.heif_chroma.heif_chroma_interleaved_RGBA,
    )) as Interleaved | Refusal,
  );
  const [{ data, stride, width, height }] = channels;
  const rgba = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++)
    rgba.set(data.subarray(row * stride, row * stride + width * 4), row * width * 4);
  heif.heif_image_release(image);
  return { width, height, rgba };
}

function onWhite(rgba: Uint8Array, premultiplied: boolean): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = rgba[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const value = rgba[from + channel]!;
      const shown = premultiplied ? value : (value * alpha) / 255;
      pixels[to++] = alpha === 255 ? value : Math.min(255, Math.round(shown + 255 - alpha));
    }
  }
  return pixels;
}

/** PQ and HLG (ITU-T H.273, table 3). */
const HDR_TRANSFERS: readonly number[] = [16, 18];

type Conversion = (pixels: Uint8Array, width: number, height: number) => Promise<Uint8Array>;

/**
 * Returns the conversion from the file's colours to sRGB. @throws HeifError for unsupported
 * colours, such as HDR
 */
function conversionOf(colour: HeifColour | null): Conversion {
  if (colour === null) return (pixels) => Promise.resolve(pixels);
  if (colour.kind === 'icc') return byProfile(colour.profile);
  const { primaries, transfer } = colour;
  const transform = codePointTransform(primaries, transfer);
  if (transform === null)
    throw new HeifError(
      HDR_TRANSFERS.includes(transfer)
        ? 'is an HDR picture, which is not supported: save it as SDR or as a JPEG'
        : `has colors that are not supported (primaries ${String(primaries)}, transfer ${String(transfer)})`,
      true,
    );
  return (pixels) => {
    transform.apply(pixels);
    return Promise.resolve(pixels);
  };
}

function byProfile(profile: Uint8Array): Conversion {
  const transform = matrixTransform(profile);
  if (transform === null) return (pixels, width, height) => managed(pixels, width, height, profile);
  return (pixels) => {
    transform.apply(pixels);
    return Promise.resolve(pixels);
  };
}

/** Converts with libvips, which accepts a profile only as part of a file. */
async function managed(
  pixels: Uint8Array,
  width: number,
  height: number,
  profile: Uint8Array,
): Promise<Uint8Array> {
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(withProfile(png, profile)).toColourspace('srgb').raw().toBuffer();
}

/** Inserts an iCCP chunk after the header (PNG, third edition, 11.3.2.3). */
function withProfile(png: Buffer, profile: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(profile)]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  const afterHeader = 8 + 25;
  return Buffer.concat([png.subarray(0, afterHeader), chunk, png.subarray(afterHeader)]);
}
