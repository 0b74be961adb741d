import { apply, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { towardsChosen } from './chosen.ts';
import { inferBinary } from './elementwise.ts';

export const MINIMUM: Operation<'minimum', NoAttributes, Pair> = {
  name: 'minimum',
  infer: inferBinary('minimum'),
  gradient: ({ inputs: [a, b] }, dy, g) => towardsChosen(g, g.greaterEqual(b, a), dy, [a, b]),
};

export function minimum(a: Tensor, b: Tensor): Tensor {
  return apply(MINIMUM, [a, b], {});
}
