import { apply, needType, NUMBER, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';
import { reducedShape, type ReductionAttributes } from './reduction.ts';

export const SUM: Operation<'sum', ReductionAttributes> = {
  name: 'sum',
  infer([x], attributes) {
    needType('sum', [x], NUMBER);
    return { shape: reducedShape(x.shape, attributes), dtype: x.dtype };
  },
  gradient({ inputs: [x], attributes: { axes } }, dy, g) {
    const kept = reducedShape(x.shape, { axes, keepDims: true });
    return [g.broadcastTo(g.reshape(dy, kept), x.shape)];
  },
};

export function sum(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  return axes.length === 0 ? x : apply(SUM, [x], { axes, keepDims });
}
