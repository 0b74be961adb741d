/**
 * The two sides of a Kronecker factorisation, smaller first: `factor` itself when it divides `dimension`,
 * otherwise the most balanced pair of divisors whose smaller one is at most `factor` (LyCORIS LoKr's rule).
 * A factor of −1 sets no bound.
 */
export function factorise(dimension: number, factor: number): readonly [small: number, large: number] {
  if (factor > 0 && dimension % factor === 0) {
    const other = dimension / factor;
    return factor <= other ? [factor, other] : [other, factor];
  }
  const bound = factor < 0 ? dimension : factor;
  let small = 1;
  for (let divisor = 2; divisor <= bound && divisor * divisor <= dimension; divisor++) {
    if (dimension % divisor === 0) small = divisor;
  }
  return [small, dimension / small];
}
