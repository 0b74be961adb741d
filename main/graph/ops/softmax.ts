import { apply, type NoAttributes, type Operation } from '../operation.ts';
import { lastAxis, type Tensor } from '../tensor.ts';
import { inferUnary } from './elementwise.ts';

export const SOFTMAX: Operation<'softmax', NoAttributes> = {
  name: 'softmax',
  infer: inferUnary('softmax', 1),
  gradient: (node, dy, g) => {
    const weighted = g.mul(dy, node);
    return [g.sub(weighted, g.mul(node, g.sum(weighted, lastAxis(node), true)))];
  },
};

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  return apply(SOFTMAX, [x], {});
}
