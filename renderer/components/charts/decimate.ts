import { lowerBound } from '../../domain/column.ts';

export interface Points {
  readonly x: number[];
  readonly y: number[];
}

/**
 * Decimates a line without changing its picture when the range from `from` to `to` is `pixels`
 * wide: per pixel the first, lowest, highest and last point, and one point beyond either end, so
 * that the line leaves the plot correctly. At most four points per pixel.
 *
 * @param x non-decreasing
 */
export function decimate(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  from: number,
  to: number,
  pixels: number,
): Points {
  const chosen: Points = { x: [], y: [] };
  const take = (index: number): void => {
    chosen.x.push(x[index]!);
    chosen.y.push(y[index]!);
  };
  const first = Math.max(0, lowerBound(x, from) - 1);
  let end = lowerBound(x, to);
  while (end < x.length && x[end]! <= to) end++;
  end = Math.min(x.length, end + 1);
  if (end - first <= pixels * 2 || to <= from) {
    for (let i = first; i < end; i++) take(i);
    return chosen;
  }
  const perUnit = pixels / (to - from);
  const pixelOf = (index: number): number => Math.floor((x[index]! - from) * perUnit);
  let i = first;
  while (i < end) {
    const pixel = pixelOf(i);
    const start = i;
    let lowest = i;
    let highest = i;
    for (i++; i < end && pixelOf(i) === pixel; i++) {
      if (y[i]! < y[lowest]!) lowest = i;
      if (y[i]! > y[highest]!) highest = i;
    }
    const inOrder = [start, Math.min(lowest, highest), Math.max(lowest, highest), i - 1];
    inOrder.forEach((index, place) => {
      if (place === 0 || index > inOrder[place - 1]!) take(index);
    });
  }
  return chosen;
}
