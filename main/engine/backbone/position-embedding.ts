import { cubic } from '../data/resample-in-script.ts';

/**
 * Position embeddings for another image size: timm's `resample_abs_pos_embed`, that is PyTorch's
 * antialiased bicubic interpolation (a = −1/2, pixel centres at ½) over the patch grid. Embeddings
 * before the grid are unchanged.
 *
 * @param embeddings (prefix + side², width)
 * @returns (prefix + newSide², width)
 */
export function resamplePositionEmbedding(
  embeddings: Float32Array,
  width: number,
  { prefix, side: oldSide }: { readonly prefix: number; readonly side: number },
  newSide: number,
): Float32Array {
  if (oldSide === newSide) return embeddings;
  const weights = bicubicWeights(oldSide, newSide);
  const grid = embeddings.subarray(prefix * width);
  const rows = new Float64Array(newSide * oldSide * width);
  weights.forEach((taps, y) => {
    for (const { from, weight } of taps) {
      for (let i = 0; i < oldSide * width; i++) {
        rows[y * oldSide * width + i]! += weight * grid[from * oldSide * width + i]!;
      }
    }
  });
  const result = new Float32Array((prefix + newSide * newSide) * width);
  result.set(embeddings.subarray(0, prefix * width));
  const sums = new Float64Array(width);
  for (let y = 0; y < newSide; y++) {
    weights.forEach((taps, x) => {
      sums.fill(0);
      for (const { from, weight } of taps) {
        for (let c = 0; c < width; c++)
          sums[c]! += weight * rows[(y * oldSide + from) * width + c]!;
      }
      result.set(sums, (prefix + y * newSide + x) * width);
    });
  }
  return result;
}

interface Tap {
  readonly from: number;
  readonly weight: number;
}

function bicubicWeights(size: number, target: number): Tap[][] {
  const scale = size / target;
  const widening = Math.max(1, scale);
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - 2 * widening + 0.5));
    const end = Math.min(size, Math.trunc(centre + 2 * widening + 0.5));
    const taps = Array.from({ length: end - begin }, (__, k) => ({
      from: begin + k,
      weight: cubic((begin + k - centre + 0.5) / widening),
    }));
    const sum = taps.reduce((total, tap) => total + tap.weight, 0);
    return taps.map(({ from, weight }) => ({ from, weight: weight / sum }));
  });
}
