import type { PositionRule } from '../../../shared/domain/position-rule.ts';
import { cubic } from '../data/resample-in-script.ts';

/**
 * Position embeddings for another image size, as `rule` interpolates over the patch grid.
 * Embeddings before the grid are unchanged.
 *
 * @param embeddings (prefix + side², width)
 * @returns (prefix + newSide², width)
 */
export function resamplePositionEmbedding(
  embeddings: Float32Array,
  width: number,
  { prefix, side: oldSide }: { readonly prefix: number; readonly side: number },
  newSide: number,
  rule: PositionRule,
): Float32Array {
  if (oldSide === newSide) return embeddings;
  const weights = TAPS[rule](oldSide, newSide);
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

/** For each of `target` samples the samples of `size` that it is made of. */
const TAPS: Record<PositionRule, (size: number, target: number) => Tap[][]> = {
  timm: antialiased,
  'torch-bicubic': (size, target) => convolved(size, target, size / target),
  // The scale that DINOv2's own code gives, so that sides were not rounded down by one.
  dinov2: (size, target) => convolved(size, target, size / (target + 0.1)),
  bilinear,
};

/** Keys' convolution with a = −1/2, which widens when the grid shrinks. */
function antialiased(size: number, target: number): Tap[][] {
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

/** Keys' convolution with a = −3/4 over four samples; beyond the edge, the one at the edge. */
function convolved(size: number, target: number, scale: number): Tap[][] {
  const inside = (at: number) => Math.min(size - 1, Math.max(0, at));
  return Array.from({ length: target }, (_, i) => {
    const at = (i + 0.5) * scale - 0.5;
    const whole = Math.floor(at);
    return [-1, 0, 1, 2].map((step) => ({
      from: inside(whole + step),
      weight: sharperCubic(whole + step - at),
    }));
  });
}

function sharperCubic(distance: number): number {
  const x = Math.abs(distance);
  return x < 1 ? (1.25 * x - 2.25) * x * x + 1 : ((-0.75 * x + 3.75) * x - 6) * x + 3;
}

function bilinear(size: number, target: number): Tap[][] {
  return Array.from({ length: target }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * size) / target - 0.5);
    const from = Math.floor(at);
    return [
      { from, weight: 1 - (at - from) },
      { from: Math.min(size - 1, from + 1), weight: at - from },
    ];
  });
}
