import { apply, type NoAttributes, type Operation } from '../operation.ts';
import { lastAxis, type Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const LOG_SOFTMAX: Operation<'logSoftmax', NoAttributes> = {
  name: 'logSoftmax',
  infer: inferUnary('logSoftmax', 1),
  gradient: (node, dy, g) => [g.sub(dy, g.mul(g.exp(node), g.sum(dy, lastAxis(node), true)))],
};

/** Log-softmax over the last axis. */
export function logSoftmax(x: Tensor): Tensor {
  return apply(LOG_SOFTMAX, [x], {});
}
