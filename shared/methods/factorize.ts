/**
 * LyCORIS LoKr's rule for splitting a dimension `d` into two factors, the smaller first: (f, d/f) when f
 * divides d, otherwise the most balanced pair of divisors whose smaller one is at most f; f < 0 sets no bound.
 */
export function factorize(d: number, f: number): [small: number, large: number] {
  if (f > 0 && d % f === 0) return f <= d / f ? [f, d / f] : [d / f, f];
  let best = 1;
  for (let s = 2; s * s <= d && (f < 0 || s <= f); s++) if (d % s === 0) best = s;
  return [best, d / best];
}
