import type { KarstLinear, KarstOptions } from '../../shared/methods/karst.ts';

/**
 * Which of two exact ways the factors of a Linear get their gradients by. Dense: dW = dyᵀ x, then projected on the
 * factors. Factored: through the small products that make x ΔWᵀ, which never form dW. Their costs in multiplications
 * follow from the shapes; one in thin products takes longer than one in large ones. The choice depends on shapes alone
 * and not on a measurement, so that a run is the same bit for bit wherever it is resumed.
 */
const THIN_PRODUCT_COST = 2;

/** @param rows of x: batch · tokens */
export function prefersFactoredGradient(
  linear: KarstLinear,
  o: Pick<KarstOptions, 'kernels' | 'rank'>,
  rows: number,
): boolean {
  const { in: inner, out, l, m } = linear;
  const thin = o.kernels * o.rank;
  const dense = out * inner * (rows + 2 * o.kernels);
  const factored = rows * thin * (2 * inner + 2 * out + 3 * l * m);
  return THIN_PRODUCT_COST * factored < dense;
}
