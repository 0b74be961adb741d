/**
 * Exponential moving average over about `span` values, with bias correction: the first values are
 * averages of those so far.
 */
export function smooth(values: ArrayLike<number>, span: number): Float64Array {
  const out = new Float64Array(values.length);
  const keep = span <= 1 ? 0 : 1 - 2 / (span + 1);
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    sum = keep * sum + values[i]!;
    weight = keep * weight + 1;
    out[i] = sum / weight;
  }
  return out;
}
