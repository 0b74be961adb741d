import { apply, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { towardsChosen } from './chosen.ts';
import { inferBinary } from './elementwise.ts';

export const MAXIMUM: Operation<'maximum', NoAttributes, Pair> = {
  name: 'maximum',
  infer: inferBinary('maximum'),
  gradient: ({ inputs: [a, b] }, dy, g) => towardsChosen(g, g.greaterEqual(a, b), dy, [a, b]),
};

export function maximum(a: Tensor, b: Tensor): Tensor {
  return apply(MAXIMUM, [a, b], {});
}
