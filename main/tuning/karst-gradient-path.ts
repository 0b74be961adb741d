import type { KarstLinear, KarstOptions } from '../../shared/methods/karst.ts';

/**
 * Relative cost of a multiplication in a thin product. The factors of a Linear have two exact
 * gradient paths. Dense: dW = dyᵀ x, then projected on the factors. Factored: through the thin
 * products that compute x ΔWᵀ, without forming dW. The choice depends on shapes only, not on
 * measurements, so that a run is bit-for-bit the same wherever it is resumed.
 */
const THIN_PRODUCT_COST = 2;

/** @param rows number of rows of x: batch · tokens */
export function prefersFactoredGradient(
  linear: KarstLinear,
  { kernels }: Pick<KarstOptions, 'kernels'>,
  rows: number,
): boolean {
  const { in: inner, out, l, m } = linear;
  const thin = kernels * linear.rank;
  const dense = out * inner * (rows + 2 * kernels);
  const factored = rows * thin * (2 * inner + 2 * out + 3 * l * m);
  return THIN_PRODUCT_COST * factored < dense;
}
