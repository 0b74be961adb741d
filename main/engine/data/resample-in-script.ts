import type { Filter } from '../../../shared/domain/preprocessing.ts';

/**
 * Pillow's image resampling, bit for bit (src/libImaging/Resample.c, 8 bits per channel): two
 * separable passes, horizontal first, with a kernel that widens when the image shrinks, weights
 * rounded to 22 bits and the intermediate image rounded to 8. Backbones were pre-trained on images
 * resized in this way. This is Pillow up to version 12; 13 starts with the vertical pass where that
 * is less work, which can differ by a few levels when the aspect ratio changes.
 */

/** The filters that weigh samples; `nearest` takes one. */
export type Kernel = Exclude<Filter, 'nearest'>;

/** A rectangle in pixels; whole numbers. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** Keys' cubic convolution with a = -1/2, as PIL and PyTorch's antialiased interpolation have it. */
export function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function hamming(distance: number): number {
  const x = Math.abs(distance);
  return x < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI)) : 0;
}

/** Weight by distance, and the distance from which on it is 0. */
const KERNELS: Record<Kernel, { readonly support: number; weight(distance: number): number }> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

interface Weights<Values> {
  /** First input sample and number of samples, per output sample. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `step` weights per output sample. */
  readonly values: Values;
  readonly step: number;
}

/** Weights of the output samples `from` … `from + length - 1` when `size` samples are resized to `target`. */
function exactWeights(
  size: number,
  target: number,
  from: number,
  length: number,
  interpolation: Kernel,
): Weights<Float64Array> {
  const kernel = KERNELS[interpolation];
  const scale = size / target;
  const widening = Math.max(scale, 1);
  const support = kernel.support * widening;
  const step = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const values = new Float64Array(length * step);
  const inverse = 1 / widening;
  for (let i = 0; i < length; i++) {
    const centre = (from + i + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(size, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let x = begin; x < end; x++) {
      const weight = kernel.weight((x - centre + 0.5) * inverse);
      values[i * step + x - begin] = weight;
      sum += weight;
    }
    if (sum !== 0) for (let x = 0; x < end - begin; x++) values[i * step + x]! /= sum;
    first[i] = begin;
    count[i] = end - begin;
  }
  return { first, count, values, step };
}

/** The same in fixed point. */
function weights(...resizing: Parameters<typeof exactWeights>): Weights<Int32Array> {
  const { values, ...places } = exactWeights(...resizing);
  const fixed = Int32Array.from(values, (weight) => {
    const scaled = weight * (1 << PRECISION);
    return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  });
  return { ...places, values: fixed };
}

/** What is made of an image. */
export interface Resampling {
  /** Pixels of a row of the image. */
  readonly width: number;
  /** The part of the image that is resized. Pixels outside are not read, as if it had been cropped first. */
  readonly source: Rectangle;
  readonly targetWidth: number;
  readonly targetHeight: number;
  /** The requested part of the result. */
  readonly crop: Rectangle;
  readonly interpolation: Kernel;
}

/** `resample` (resample.ts) without the addon, for what weighs samples. */
export function resampleInScript(
  pixels: Uint8Array,
  { width, source, targetWidth, targetHeight, crop, interpolation }: Resampling,
): Uint8Array {
  const keepsWidth = targetWidth === source.width;
  const keepsHeight = targetHeight === source.height;
  const vertical = keepsHeight
    ? null
    : weights(source.height, targetHeight, crop.top, crop.height, interpolation);
  // Rows of the source that the vertical pass reads.
  const firstRow = vertical === null ? crop.top : vertical.first[0]!;
  const endRow =
    vertical === null
      ? crop.top + crop.height
      : vertical.first[crop.height - 1]! + vertical.count[crop.height - 1]!;
  const rows = endRow - firstRow;

  const across = crop.width * 3;
  const middle = new Uint8ClampedArray(rows * across);
  if (keepsWidth) {
    for (let y = 0; y < rows; y++) {
      const start = ((source.top + firstRow + y) * width + source.left + crop.left) * 3;
      middle.set(pixels.subarray(start, start + across), y * across);
    }
  } else {
    const horizontal = weights(source.width, targetWidth, crop.left, crop.width, interpolation);
    const start = ((source.top + firstRow) * width + source.left) * 3;
    resampleRows(pixels, start, width * 3, horizontal, middle);
  }
  if (vertical === null) return bytesOf(middle);
  const out = new Uint8ClampedArray(crop.height * across);
  resampleColumns(middle, across, firstRow, vertical, out);
  return bytesOf(out);
}

function bytesOf({ buffer }: Uint8ClampedArray): Uint8Array {
  return new Uint8Array(buffer);
}

// `Math.imul` keeps integers integers, and the clamped array clips to 0..255: each would cost a
// third of the time in plain arithmetic.

/** One output row per row of `out`, from rows of the source that begin at `start` and are `stride` apart. */
function resampleRows(
  pixels: Uint8Array,
  start: number,
  stride: number,
  { first, count, values, step }: Weights<Int32Array>,
  out: Uint8ClampedArray,
): void {
  const length = first.length;
  let to = 0;
  for (let row = start; to < out.length; row += stride) {
    for (let x = 0; x < length; x++) {
      let at = row + first[x]! * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      const end = x * step + count[x]!;
      for (let k = x * step; k < end; k++) {
        const weight = values[k]!;
        red = (red + Math.imul(pixels[at]!, weight)) | 0;
        green = (green + Math.imul(pixels[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(pixels[at + 2]!, weight)) | 0;
        at += 3;
      }
      out[to] = red >> PRECISION;
      out[to + 1] = green >> PRECISION;
      out[to + 2] = blue >> PRECISION;
      to += 3;
    }
  }
}

/** Four rows at a time, so that the sums are loaded and stored a quarter as often. */
function resampleColumns(
  middle: Uint8ClampedArray,
  across: number,
  firstRow: number,
  { first, count, values, step }: Weights<Int32Array>,
  out: Uint8ClampedArray,
): void {
  const sums = new Int32Array(across);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    const begin = y * step;
    const end = begin + count[y]!;
    for (let k = begin; k < end; k += 4) {
      // A row beyond the last one has weight 0.
      const w0 = values[k]!;
      const w1 = k + 1 < end ? values[k + 1]! : 0;
      const w2 = k + 2 < end ? values[k + 2]! : 0;
      const w3 = k + 3 < end ? values[k + 3]! : 0;
      const a = (first[y]! - firstRow + k - begin) * across;
      const b = w1 === 0 ? a : a + across;
      const c = w2 === 0 ? a : a + 2 * across;
      const d = w3 === 0 ? a : a + 3 * across;
      for (let x = 0; x < across; x++) {
        const near = (Math.imul(middle[a + x]!, w0) + Math.imul(middle[b + x]!, w1)) | 0;
        const far = (Math.imul(middle[c + x]!, w2) + Math.imul(middle[d + x]!, w3)) | 0;
        sums[x] = (sums[x]! + near + far) | 0;
      }
    }
    const to = y * across;
    for (let x = 0; x < across; x++) out[to + x] = sums[x]! >> PRECISION;
  }
}

/**
 * `resampleFloats` (resample.ts) without the addon: the same weights without fixed point, and
 * nothing rounded but to float32 between the passes and after them.
 */
export function resampleFloatsInScript(
  pixels: Uint8Array,
  { width, source, targetWidth, targetHeight, crop, interpolation }: Resampling,
): Float32Array {
  const columns = exactWeights(source.width, targetWidth, crop.left, crop.width, interpolation);
  const rows = exactWeights(source.height, targetHeight, crop.top, crop.height, interpolation);
  const firstRow = rows.first[0]!;
  const endRow = rows.first[crop.height - 1]! + rows.count[crop.height - 1]!;
  const across = crop.width * 3;
  const middle = new Float32Array((endRow - firstRow) * across);
  for (let y = firstRow; y < endRow; y++) {
    const row = ((source.top + y) * width + source.left) * 3;
    for (let i = 0; i < across; i++) {
      const x = Math.floor(i / 3);
      let sum = 0;
      for (let k = 0; k < columns.count[x]!; k++)
        sum +=
          columns.values[x * columns.step + k]! *
          pixels[row + (columns.first[x]! + k) * 3 + (i % 3)]!;
      middle[(y - firstRow) * across + i] = sum;
    }
  }
  const out = new Float32Array(crop.height * across);
  for (let y = 0; y < crop.height; y++) {
    for (let i = 0; i < across; i++) {
      let sum = 0;
      for (let k = 0; k < rows.count[y]!; k++)
        sum +=
          rows.values[y * rows.step + k]! * middle[(rows.first[y]! - firstRow + k) * across + i]!;
      out[y * across + i] = sum;
    }
  }
  return out;
}
