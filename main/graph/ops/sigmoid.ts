import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const SIGMOID: Operation<'sigmoid', NoAttributes> = {
  name: 'sigmoid',
  infer: inferUnary('sigmoid'),
  gradient: (node, dy, g) => [g.mul(dy, g.mul(node, g.sub(g.scalar(1), node)))],
};

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: Tensor): Tensor {
  return apply(SIGMOID, [x], {});
}
