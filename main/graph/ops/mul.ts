import { sumTo } from '../broadcast.ts';
import { apply, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferBinary } from './elementwise.ts';

export const MUL: Operation<'mul', NoAttributes, Pair> = {
  name: 'mul',
  infer: inferBinary('mul'),
  gradient: ({ inputs: [a, b] }, dy, g) => [
    sumTo(g, g.mul(dy, b), a.shape),
    sumTo(g, g.mul(dy, a), b.shape),
  ],
};

export function mul(a: Tensor, b: Tensor): Tensor {
  return apply(MUL, [a, b], {});
}
