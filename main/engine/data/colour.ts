/**
 * Colour operations on 8-bit RGB, in place, with the arithmetic of Pillow's ImageEnhance and
 * ImageOps. `factor` 1 changes nothing.
 */

/** One table of 256 levels for all channels, or one for each. */
type Tables = readonly [Uint8Array, Uint8Array, Uint8Array];

function clip(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

function tableOf(level: (value: number) => number): Uint8Array {
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) table[value] = clip(level(value));
  return table;
}

function applyTables(pixels: Uint8Array, [red, green, blue]: Tables): void {
  for (let i = 0; i < pixels.length; i += 3) {
    pixels[i] = red[pixels[i]!]!;
    pixels[i + 1] = green[pixels[i + 1]!]!;
    pixels[i + 2] = blue[pixels[i + 2]!]!;
  }
}

function applyTable(pixels: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]!]!;
}

/** ITU-R 601-2 luma of the pixel at `i`, as Pillow rounds it. */
function luma(pixels: Uint8Array, i: number): number {
  return (pixels[i]! * 19595 + pixels[i + 1]! * 38470 + pixels[i + 2]! * 7471 + 0x8000) >> 16;
}

export function brightness(pixels: Uint8Array, factor: number): void {
  applyTable(
    pixels,
    tableOf((value) => value * factor),
  );
}

/** Scales about the mean luma of the image. */
export function contrast(pixels: Uint8Array, factor: number): void {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += luma(pixels, i);
  const mean = Math.trunc(sum / (pixels.length / 3) + 0.5);
  applyTable(
    pixels,
    tableOf((value) => mean + factor * (value - mean)),
  );
}

/** 0 gives grey. */
export function saturation(pixels: Uint8Array, factor: number): void {
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = luma(pixels, i);
    pixels[i] = clip(grey + factor * (pixels[i]! - grey));
    pixels[i + 1] = clip(grey + factor * (pixels[i + 1]! - grey));
    pixels[i + 2] = clip(grey + factor * (pixels[i + 2]! - grey));
  }
}

/**
 * 0 smooths with the kernel (1 1 1, 1 5 1, 1 1 1) / 13, except at the border; 2 sharpens by as
 * much.
 */
export function sharpness(pixels: Uint8Array, side: number, factor: number): void {
  const source = pixels.slice();
  const row = side * 3;
  for (let y = 1; y < side - 1; y++) {
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      const above = source[i - row - 3]! + source[i - row]! + source[i - row + 3]!;
      const beside = source[i - 3]! + source[i + 3]!;
      const below = source[i + row - 3]! + source[i + row]! + source[i + row + 3]!;
      const value = source[i]!;
      const smooth = Math.trunc((above + beside + below + 5 * value) / 13 + 0.5);
      pixels[i] = clip(smooth + factor * (value - smooth));
    }
  }
}

/** Keeps the upper `bits` bits of every channel. */
export function posterize(pixels: Uint8Array, bits: number): void {
  const mask = (0xff << (8 - bits)) & 0xff;
  for (let i = 0; i < pixels.length; i++) pixels[i] = pixels[i]! & mask;
}

/** Inverts levels from `threshold` up. */
export function solarize(pixels: Uint8Array, threshold: number): void {
  applyTable(
    pixels,
    tableOf((value) => (value < threshold ? value : 255 - value)),
  );
}

function histograms(pixels: Uint8Array): [Int32Array, Int32Array, Int32Array] {
  const red = new Int32Array(256);
  const green = new Int32Array(256);
  const blue = new Int32Array(256);
  for (let i = 0; i < pixels.length; i += 3) {
    red[pixels[i]!]! += 1;
    green[pixels[i + 1]!]! += 1;
    blue[pixels[i + 2]!]! += 1;
  }
  return [red, green, blue];
}

/** Stretches every channel to the whole range. */
export function autoContrast(pixels: Uint8Array): void {
  const stretch = (histogram: Int32Array) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (high <= low) return tableOf((value) => value);
    const scale = 255 / (high - low);
    return tableOf((value) => value * scale - low * scale);
  };
  const [red, green, blue] = histograms(pixels);
  applyTables(pixels, [stretch(red), stretch(green), stretch(blue)]);
}

/** Equalises the histogram of every channel. */
export function equalize(pixels: Uint8Array): void {
  const level = (histogram: Int32Array) => {
    const last = histogram[histogram.findLastIndex((count) => count > 0)]!;
    const step = Math.trunc((pixels.length / 3 - last) / 255);
    if (step === 0) return tableOf((value) => value);
    let sum = Math.trunc(step / 2);
    return tableOf((value) => {
      const out = Math.trunc(sum / step);
      sum += histogram[value]!;
      return out;
    });
  };
  const [red, green, blue] = histograms(pixels);
  applyTables(pixels, [level(red), level(green), level(blue)]);
}
