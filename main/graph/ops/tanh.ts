import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const TANH: Operation<'tanh', NoAttributes> = {
  name: 'tanh',
  infer: inferUnary('tanh'),
  gradient: (node, dy, g) => [g.mul(dy, g.sub(g.scalar(1), g.mul(node, node)))],
};

export function tanh(x: Tensor): Tensor {
  return apply(TANH, [x], {});
}
