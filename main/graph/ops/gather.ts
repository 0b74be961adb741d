import { staticDim } from '../dim.ts';
import {
  apply,
  need,
  NUMBER,
  needType,
  type Operation,
  type NoAttributes,
  type Pair,
} from '../operation.ts';
import { shapeText, type Tensor } from '../tensor.ts';

export const GATHER: Operation<'gather', NoAttributes, Pair> = {
  name: 'gather',
  infer([x, indices]) {
    needType('gather', [x], NUMBER);
    need(
      indices.dtype === 'int32' && x.shape.length > 0,
      () => `gather of ${shapeText(x.shape)} by ${indices.dtype} ${shapeText(indices.shape)}`,
    );
    return { shape: [...indices.shape, ...x.shape.slice(1)], dtype: x.dtype };
  },
  gradient: ({ inputs: [x, indices] }, dy, g) => [
    g.gatherGradient(dy, indices, staticDim(x.shape[0] ?? 0)),
    null,
  ],
};

/**
 * Selects rows of `x` along its first axis by `indices` (int32, any shape), which must be in range.
 */
export function gather(x: Tensor, indices: Tensor): Tensor {
  return apply(GATHER, [x, indices], {});
}
