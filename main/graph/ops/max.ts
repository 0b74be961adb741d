import { apply, needType, NUMBER, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { reducedShape, type ReductionAttributes } from './reduction.ts';

export const MAX: Operation<'max', ReductionAttributes> = {
  name: 'max',
  infer([x], attributes) {
    needType('max', [x], NUMBER);
    return { shape: reducedShape(x.shape, attributes), dtype: x.dtype };
  },
  // Ties share the gradient equally, as in TensorFlow: a maximum over a broadcast axis must not
  // count it twice.
  gradient(node, dy, g) {
    const [x] = node.inputs;
    const { axes } = node.attributes;
    const kept = reducedShape(x.shape, { axes, keepDims: true });
    const largest = g.broadcastTo(g.reshape(node, kept), x.shape);
    const chosen = g.cast(g.greaterEqual(x, largest), 'float32');
    const share = g.div(g.reshape(dy, kept), g.sum(chosen, axes, true));
    return [g.mul(chosen, share)];
  },
};

export function max(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  return axes.length === 0 ? x : apply(MAX, [x], { axes, keepDims });
}
