import { describe, expect, it } from 'vitest';
import {
  ALIGNMENT,
  layOut,
  mostAlive,
  type Lifetime,
} from '../../../main/backends/webgpu/arenas.ts';
import { overlaps } from './plan-checks.ts';

const NO_LIMIT = 2 ** 31;

/** A value of so many times the alignment, needed from one kernel to another. */
const lifetime = (units: number, first: number, last: number): Lifetime => ({
  value: { kind: 'computed', name: 'x', size: (units * ALIGNMENT) / 4 },
  first,
  last,
});

describe('the layout of computed values', () => {
  it('gives the memory of one that is no longer read to the next', () => {
    const lifetimes = [lifetime(4, 0, 1), lifetime(4, 1, 2), lifetime(4, 2, 3)];
    const arenas = layOut(lifetimes, NO_LIMIT);
    expect(arenas.sizes).toEqual([8 * ALIGNMENT]);
    expect(overlaps(lifetimes, arenas)).toEqual([]);
    expect(mostAlive(lifetimes)).toBe(8 * ALIGNMENT);
  });

  it('begins every value where a binding may begin', () => {
    const odd = { kind: 'computed', name: 'x', size: 3 } as const;
    const lifetimes = [0, 1, 2].map(() => ({ value: { ...odd }, first: 0, last: 1 }));
    const { sizes, regions } = layOut(lifetimes, NO_LIMIT);
    expect([...regions.values()].map(({ offset }) => offset)).toEqual([0, 256, 512]);
    expect(sizes).toEqual([768]);
  });

  it('begins another arena where the first would be larger than a buffer may be', () => {
    const lifetimes = [lifetime(3, 0, 1), lifetime(3, 0, 1), lifetime(2, 0, 1), lifetime(9, 0, 1)];
    const arenas = layOut(lifetimes, 5 * ALIGNMENT);
    expect(arenas.sizes).toEqual([9 * ALIGNMENT, 5 * ALIGNMENT, 3 * ALIGNMENT]);
    expect(overlaps(lifetimes, arenas)).toEqual([]);
  });

  it('never lets two values share memory that are needed at one time', () => {
    // A fixed sequence that repeats only after 2^31 numbers.
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const lifetimes = Array.from({ length: 300 }, () => {
      const first = random(200);
      return lifetime(1 + random(20), first, first + random(30));
    });
    const arenas = layOut(lifetimes, NO_LIMIT);
    expect(overlaps(lifetimes, arenas)).toEqual([]);
    const [size = 0] = arenas.sizes;
    expect(size / mostAlive(lifetimes)).toBeLessThan(1.15);
  });
});
