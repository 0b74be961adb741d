import { sumTo } from '../broadcast.ts';
import { apply, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferBinary } from './elementwise.ts';

export const SUB: Operation<'sub', NoAttributes, Pair> = {
  name: 'sub',
  infer: inferBinary('sub'),
  gradient: ({ inputs: [a, b] }, dy, g) => [sumTo(g, dy, a.shape), sumTo(g, g.neg(dy), b.shape)],
};

export function sub(a: Tensor, b: Tensor): Tensor {
  return apply(SUB, [a, b], {});
}
