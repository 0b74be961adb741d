import { sumTo } from '../broadcast.ts';
import { apply, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferBinary } from './elementwise.ts';

export const ADD: Operation<'add', NoAttributes, Pair> = {
  name: 'add',
  infer: inferBinary('add'),
  gradient: ({ inputs }, dy, g) => inputs.map((x) => sumTo(g, dy, x.shape)),
};

export function add(a: Tensor, b: Tensor): Tensor {
  return apply(ADD, [a, b], {});
}
