/**
 * A strict reader of uncompressed Windows bitmaps (libvips has none): 1, 4 and 8 bits with a palette, 16, 24 and
 * 32 bits, bottom-up or top-down, with the masks of BI_BITFIELDS. Alpha is ignored, as most writers leave it 0.
 * Layout: Microsoft, "Bitmap storage", BITMAPFILEHEADER and BITMAPINFOHEADER.
 */
export interface BmpImage {
  readonly width: number;
  readonly height: number;
  /** height × width × 3, RGB. */
  readonly pixels: Uint8Array;
}

/** What is wrong with a bitmap, a sentence without its subject. */
export class BmpError extends Error {
  readonly unsupported: boolean;

  constructor(what: string, unsupported = false) {
    super(what);
    this.unsupported = unsupported;
  }
}

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly palette: Uint8Array | null;
  /** Bytes of one palette entry: 3 in OS/2 bitmaps, else 4 (blue, green, red, unused). */
  readonly paletteStep: number;
  readonly masks: readonly [number, number, number];
  readonly dataStart: number;
}

const BI_RGB = 0;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;

function parseHeader(bytes: Uint8Array): BmpHeader {
  if (bytes.length < 26) throw new BmpError('ends in its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataStart = view.getUint32(10, true);
  const infoSize = view.getUint32(14, true);
  const os2 = infoSize === 12;
  if (!os2 && (infoSize < 40 || infoSize > 124))
    throw new BmpError(`has a header of ${infoSize} bytes, which is not known`, true);
  if (bytes.length < 14 + infoSize) throw new BmpError('ends in its header');

  const width = os2 ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = os2 ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(os2 ? 24 : 28, true);
  const compression = os2 ? BI_RGB : view.getUint32(30, true);
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw new BmpError('has a width or height of 0');
  const fields = compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS;
  if (compression !== BI_RGB && !(fields && (bits === 16 || bits === 32)))
    throw new BmpError('is a compressed bitmap', true);
  if (![1, 4, 8, 16, 24, 32].includes(bits))
    throw new BmpError(`has ${bits} bits a pixel, which is not known`, true);

  // BITMAPINFOHEADER has the masks behind it, the later headers have them inside, at the same place.
  const masksEnd = fields ? Math.max(14 + infoSize, 66) : 14 + infoSize;
  if (bytes.length < masksEnd) throw new BmpError('ends in its header');
  let masks: [number, number, number] =
    bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  if (fields)
    masks = [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true)];
  if (masks.some((mask) => !/^1+0*$/.test(mask.toString(2))))
    throw new BmpError('has color masks that are not one run of bits each');

  const paletteStep = os2 ? 3 : 4;
  let palette: Uint8Array | null = null;
  if (bits <= 8) {
    const named = os2 ? 0 : view.getUint32(46, true);
    const colours = named === 0 ? 2 ** bits : named;
    if (colours > 2 ** bits) throw new BmpError(`names ${colours} colors at ${bits} bits a pixel`);
    const start = 14 + infoSize;
    if (start + colours * paletteStep > bytes.length) throw new BmpError('ends in its palette');
    palette = bytes.subarray(start, start + colours * paletteStep);
  }
  if (dataStart < masksEnd) throw new BmpError('has pixels that begin inside its header');
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bits,
    palette,
    paletteStep,
    masks,
    dataStart,
  };
}

/** Value of the masked bits scaled to 0..255, rounded. */
function channel(word: number, mask: number): number {
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return Math.round((((word & mask) >>> shift) * 255) / largest);
}

/**
 * Decodes a bitmap.
 *
 * @param pixelLimit largest width × height
 * @throws BmpError
 */
export function readBmp(bytes: Uint8Array, pixelLimit: number): BmpImage {
  const header = parseHeader(bytes);
  const { width, height, bits, palette, paletteStep, masks } = header;
  if (width * height > pixelLimit)
    throw new BmpError(`has ${width} × ${height} pixels, more than the limit`, true);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (header.dataStart + stride * height > bytes.length)
    throw new BmpError('is cut off in its pixels');

  const pixels = new Uint8Array(width * height * 3);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain = masks[0] === 0xff0000 && masks[1] === 0xff00 && masks[2] === 0xff;
  for (let y = 0; y < height; y++) {
    const row = header.dataStart + stride * (header.topDown ? y : height - 1 - y);
    let out = y * width * 3;
    for (let x = 0; x < width; x++, out += 3) {
      if (palette !== null) {
        const bit = x * bits;
        const index = (bytes[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
        const entry = index * paletteStep;
        if (entry >= palette.length) throw new BmpError('has a pixel outside its palette');
        pixels[out] = palette[entry + 2]!;
        pixels[out + 1] = palette[entry + 1]!;
        pixels[out + 2] = palette[entry]!;
      } else if (bits === 24 || (bits === 32 && plain)) {
        const at = row + x * (bits / 8);
        pixels[out] = bytes[at + 2]!;
        pixels[out + 1] = bytes[at + 1]!;
        pixels[out + 2] = bytes[at]!;
      } else {
        const at = row + x * (bits / 8);
        const word = bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
        for (let c = 0; c < 3; c++) pixels[out + c] = channel(word, masks[c]!);
      }
    }
  }
  return { width, height, pixels };
}
