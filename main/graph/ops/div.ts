import { sumTo } from '../broadcast.ts';
import { apply, FLOAT, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferBinary } from './elementwise.ts';

export const DIV: Operation<'div', NoAttributes, Pair> = {
  name: 'div',
  infer: inferBinary('div', FLOAT),
  gradient({ inputs: [a, b] }, dy, g) {
    const da = g.div(dy, b);
    return [sumTo(g, da, a.shape), sumTo(g, g.neg(g.mul(da, g.div(a, b))), b.shape)];
  },
};

export function div(a: Tensor, b: Tensor): Tensor {
  return apply(DIV, [a, b], {});
}
