import { describe, expect, it } from 'vitest';
import { Column, lowerBound, nearest } from '../../../../renderer/domain/column.ts';
import { decimate } from '../../../../renderer/components/charts/decimate.ts';
import { smooth } from '../../../../renderer/components/charts/smooth.ts';

/** Lowest and highest y of the points in each pixel column. */
function extents(x: readonly number[], y: readonly number[], pixels: number, to: number): string[] {
  const low = Array.from({ length: pixels }, () => Infinity);
  const high = Array.from({ length: pixels }, () => -Infinity);
  x.forEach((value, i) => {
    const pixel = Math.floor((value / to) * pixels);
    if (pixel < 0 || pixel >= pixels) return;
    low[pixel] = Math.min(low[pixel]!, y[i]!);
    high[pixel] = Math.max(high[pixel]!, y[i]!);
  });
  return low.map((value, i) => `${value}..${high[i]!}`);
}

function noisy(count: number): { x: Float64Array; y: Float64Array } {
  let seed = 7;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const x = Float64Array.from({ length: count }, (_, i) => i);
  const y = Float64Array.from({ length: count }, (_, i) => Math.exp(-i / count) + random() ** 8);
  return { x, y };
}

describe('decimate', () => {
  it('keeps lowest and highest of every pixel at 100,000 points, in at most four points a pixel', () => {
    const { x, y } = noisy(100_000);
    const pixels = 700;
    const to = 99_999;
    const points = decimate(x, y, 0, to, pixels);
    expect(points.x.length).toBeLessThanOrEqual(4 * pixels + 2);
    expect(points.x.length).toBeGreaterThan(pixels);
    expect(extents(points.x, points.y, pixels, to)).toEqual(extents([...x], [...y], pixels, to));
  });

  it('keeps the order, the first and the last point, and values as they are', () => {
    const { x, y } = noisy(5_000);
    const points = decimate(x, y, 0, 4_999, 100);
    expect(points.x[0]).toBe(0);
    expect(points.x.at(-1)).toBe(4_999);
    points.x.forEach((value, i) => {
      expect(points.y[i]).toBe(y[value]);
      if (i > 0) expect(value).toBeGreaterThan(points.x[i - 1]!);
    });
  });

  it('leaves few points alone', () => {
    const x = [1, 2, 3];
    const y = [3, 1, 2];
    expect(decimate(x, y, 1, 3, 100)).toEqual({ x, y });
    expect(decimate([], [], 0, 1, 100)).toEqual({ x: [], y: [] });
    expect(decimate([5], [2], 5, 5, 100)).toEqual({ x: [5], y: [2] });
  });

  it('takes one point beyond either end of a stretch', () => {
    const x = Array.from({ length: 10 }, (_, i) => i * 10);
    const y = x.map((value) => value / 2);
    expect(decimate(x, y, 35, 55, 100).x).toEqual([30, 40, 50, 60]);
    expect(decimate(x, y, 40, 50, 100).x).toEqual([30, 40, 50, 60]);
    expect(decimate(x, y, -50, 5, 100).x).toEqual([0, 10]);
  });

  it('finds a single outlier among a hundred thousand points', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const y = new Float64Array(100_000);
    y[54_321] = 9;
    const points = decimate(x, y, 0, 99_999, 300);
    expect(points.x[points.y.indexOf(9)]).toBe(54_321);
  });
});

describe('Column', () => {
  it('grows, is read without copying, and is cut back', () => {
    const column = new Column();
    expect(column.last).toBeUndefined();
    for (let i = 0; i < 1000; i++) column.push(i);
    expect(column.length).toBe(1000);
    expect(column.last).toBe(999);
    expect([...column.view().subarray(997)]).toEqual([997, 998, 999]);
    column.truncate(10);
    expect(column.last).toBe(9);
    column.push(42);
    expect([...column.view()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 42]);
    column.truncate(100);
    expect(column.length).toBe(11);
  });

  it('is searched by value', () => {
    const values = [1, 3, 3, 8];
    expect([0, 1, 2, 3, 8, 9].map((value) => lowerBound(values, value))).toEqual([
      0, 0, 1, 1, 3, 4,
    ]);
    expect([-5, 1.9, 2, 5, 6, 99].map((value) => nearest(values, value))).toEqual([
      0, 0, 0, 2, 3, 3,
    ]);
    expect(nearest([], 1)).toBe(-1);
  });
});

describe('smooth', () => {
  it('leaves values alone over one', () => {
    expect([...smooth([3, 1, 2], 1)]).toEqual([3, 1, 2]);
  });

  it('starts at the first value and keeps a constant line constant', () => {
    const line = smooth(
      Array.from({ length: 50 }, () => 4),
      10,
    );
    for (const value of line) expect(value).toBeCloseTo(4, 12);
  });

  it('weighs by 1 - 2 / (span + 1)', () => {
    const [first, second, third] = smooth([1, 0, 0], 3);
    expect(first).toBe(1);
    expect(second).toBeCloseTo(0.5 / 1.5, 12);
    expect(third).toBeCloseTo(0.25 / 1.75, 12);
  });
});
