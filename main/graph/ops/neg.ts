import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const NEG: Operation<'neg', NoAttributes> = {
  name: 'neg',
  infer: inferUnary('neg'),
  gradient: (_, dy, g) => [g.neg(dy)],
};

export function neg(x: Tensor): Tensor {
  return apply(NEG, [x], {});
}
