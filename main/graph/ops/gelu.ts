import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';
import { normalDistribution } from './normal.ts';

export const GELU: Operation<'gelu', NoAttributes> = {
  name: 'gelu',
  infer: inferUnary('gelu'),
  gradient: ({ inputs: [x] }, dy, g) => [g.geluGradient(x, dy)],
  decompose: ({ inputs: [x] }, g) => g.mul(x, normalDistribution(g, x)),
};

/** Exact GELU: x · Φ(x), Hendrycks and Gimpel (arXiv 1606.08415). */
export function gelu(x: Tensor): Tensor {
  return apply(GELU, [x], {});
}
