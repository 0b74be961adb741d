import { randomStream } from '../../../main/engine/random.ts';

/** Normally distributed values with the given deviation for each name; scales are centred on 1. */
export function randomTensors(
  shapes: ReadonlyMap<string, readonly number[]>,
  seed: number,
  deviation = 0.5,
): Map<string, Float32Array> {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const stream = randomStream(seed, 'test', name);
      const centre = name.endsWith('_scale') || /norm\d?\.weight$/.test(name) ? 1 : 0;
      const size = shape.reduce((a, b) => a * b, 1);
      return [
        name,
        Float32Array.from({ length: size }, () => centre + deviation * stream.normal()),
      ];
    }),
  );
}

/** The largest |a − b|; Infinity for NaN or different lengths. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}
