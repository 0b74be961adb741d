import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const SQRT: Operation<'sqrt', NoAttributes> = {
  name: 'sqrt',
  infer: inferUnary('sqrt'),
  gradient: (node, dy, g) => [g.div(g.mul(dy, g.scalar(0.5)), node)],
};

export function sqrt(x: Tensor): Tensor {
  return apply(SQRT, [x], {});
}
