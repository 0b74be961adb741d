/**
 * Pillow's image resampling, bit for bit (src/libImaging/Resample.c, 8 bits per channel): two separable passes,
 * horizontal first, with a kernel that widens when the image shrinks, weights rounded to 22 bits and the
 * intermediate image rounded to 8. Pre-trained backbones saw images that were made in this way. This is Pillow up to
 * version 12; 13 takes the vertical pass first where that is less work, which can differ by a few levels when the
 * ratio is not kept.
 */
export type Interpolation = 'bicubic' | 'bilinear';

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

function triangle(distance: number): number {
  const x = Math.abs(distance);
  return x < 1 ? 1 - x : 0;
}

interface Weights {
  /** First input sample and number of samples, per output sample. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `step` fixed-point weights per output sample. */
  readonly values: Int32Array;
  readonly step: number;
}

/** Weights of the output samples `from` … `from + length - 1` when `size` samples are resized to `target`. */
function weights(
  size: number,
  target: number,
  from: number,
  length: number,
  interpolation: Interpolation,
): Weights {
  const kernel = interpolation === 'bicubic' ? cubic : triangle;
  const scale = size / target;
  const widening = Math.max(scale, 1);
  const support = (interpolation === 'bicubic' ? 2 : 1) * widening;
  const step = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const values = new Int32Array(length * step);
  const exact = new Float64Array(step);
  const inverse = 1 / widening;
  for (let i = 0; i < length; i++) {
    const centre = (from + i + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(size, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let x = begin; x < end; x++) {
      const weight = kernel((x - centre + 0.5) * inverse);
      exact[x - begin] = weight;
      sum += weight;
    }
    for (let x = 0; x < end - begin; x++) {
      const fixed = (sum === 0 ? exact[x]! : exact[x]! / sum) * (1 << PRECISION);
      values[i * step + x] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    first[i] = begin;
    count[i] = end - begin;
  }
  return { first, count, values, step };
}

function clip(sum: number): number {
  const value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Resizes the part `source` of an RGB image to `targetWidth` × `targetHeight` and returns the part `crop` of the
 * result; only what the crop needs is computed. Samples outside `source` are not looked at, as if it had been
 * cut out first.
 *
 * @param pixels height × width × 3, interleaved, with rows of `width` pixels
 * @returns crop.height × crop.width × 3
 */
export function resample(
  pixels: Uint8Array,
  width: number,
  source: Rectangle,
  targetWidth: number,
  targetHeight: number,
  crop: Rectangle,
  interpolation: Interpolation,
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
  const middle = new Uint8Array(rows * across);
  if (keepsWidth) {
    for (let y = 0; y < rows; y++) {
      const start = ((source.top + firstRow + y) * width + source.left + crop.left) * 3;
      middle.set(pixels.subarray(start, start + across), y * across);
    }
  } else {
    const { first, count, values, step } = weights(
      source.width,
      targetWidth,
      crop.left,
      crop.width,
      interpolation,
    );
    for (let y = 0; y < rows; y++) {
      const row = ((source.top + firstRow + y) * width + source.left) * 3;
      let out = y * across;
      for (let x = 0; x < crop.width; x++) {
        let at = row + first[x]! * 3;
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        const end = x * step + count[x]!;
        for (let k = x * step; k < end; k++) {
          const weight = values[k]!;
          red = (red + pixels[at]! * weight) | 0;
          green = (green + pixels[at + 1]! * weight) | 0;
          blue = (blue + pixels[at + 2]! * weight) | 0;
          at += 3;
        }
        middle[out++] = clip(red);
        middle[out++] = clip(green);
        middle[out++] = clip(blue);
      }
    }
  }
  if (vertical === null) return middle;

  const out = new Uint8Array(crop.height * across);
  const { first, count, values, step } = vertical;
  const sums = new Int32Array(across);
  for (let y = 0; y < crop.height; y++) {
    sums.fill(HALF);
    for (let k = 0; k < count[y]!; k++) {
      const weight = values[y * step + k]!;
      const row = (first[y]! - firstRow + k) * across;
      for (let x = 0; x < across; x++) sums[x] = sums[x]! + middle[row + x]! * weight;
    }
    const to = y * across;
    for (let x = 0; x < across; x++) out[to + x] = clip(sums[x]!);
  }
  return out;
}
