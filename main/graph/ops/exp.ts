import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const EXP: Operation<'exp', NoAttributes> = {
  name: 'exp',
  infer: inferUnary('exp'),
  gradient: (node, dy, g) => [g.mul(dy, node)],
};

export function exp(x: Tensor): Tensor {
  return apply(EXP, [x], {});
}
