import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const RSQRT: Operation<'rsqrt', NoAttributes> = {
  name: 'rsqrt',
  infer: inferUnary('rsqrt'),
  gradient: (node, dy, g) => [g.mul(g.mul(dy, g.scalar(-0.5)), g.div(node, node.inputs[0]))],
};

/** 1 / √x. */
export function rsqrt(x: Tensor): Tensor {
  return apply(RSQRT, [x], {});
}
