import type { Language } from '../language.ts';
import type { Tensor } from '../tensor.ts';
import { scalar } from './constant.ts';

const half = scalar(0.5);
const one = scalar(1);

/** Φ(x) = ½ (1 + erf(x / √2)), the CDF of the standard normal distribution. */
export function normalDistribution(g: Language, x: Tensor): Tensor {
  return g.mul(half, g.add(one, g.erf(g.mul(x, g.scalar(Math.SQRT1_2)))));
}

/** φ(x) = exp(−x² / 2) / √(2π), the density of the standard normal distribution. */
export function normalDensity(g: Language, x: Tensor): Tensor {
  const exponent = g.mul(g.scalar(-0.5), g.mul(x, x));
  return g.mul(g.scalar(1 / Math.sqrt(2 * Math.PI)), g.exp(exponent));
}
