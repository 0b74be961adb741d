import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const ERF: Operation<'erf', NoAttributes> = {
  name: 'erf',
  infer: inferUnary('erf'),
  gradient: ({ inputs: [x] }, dy, g) => [
    g.mul(g.mul(dy, g.scalar(2 / Math.sqrt(Math.PI))), g.exp(g.neg(g.mul(x, x)))),
  ],
};

export function erf(x: Tensor): Tensor {
  return apply(ERF, [x], {});
}
