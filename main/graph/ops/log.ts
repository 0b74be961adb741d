import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const LOG: Operation<'log', NoAttributes> = {
  name: 'log',
  infer: inferUnary('log'),
  gradient: ({ inputs: [x] }, dy, g) => [g.div(dy, x)],
};

export function log(x: Tensor): Tensor {
  return apply(LOG, [x], {});
}
