import { apply, type NoAttributes, type Operation, type Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferBinary } from './elementwise.ts';

const infer = inferBinary('greaterEqual');

export const GREATER_EQUAL: Operation<'greaterEqual', NoAttributes, Pair> = {
  name: 'greaterEqual',
  infer: (inputs) => ({ ...infer(inputs), dtype: 'bool' }),
  gradient: 'none',
};

export function greaterEqual(a: Tensor, b: Tensor): Tensor {
  return apply(GREATER_EQUAL, [a, b], {});
}
