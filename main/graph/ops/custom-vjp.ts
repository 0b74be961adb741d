import {
  apply,
  float32,
  need,
  type NoAttributes,
  type Operation,
  type Pair,
} from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';

export const CUSTOM_VJP: Operation<'customVjp', NoAttributes, Pair> = {
  name: 'customVjp',
  infer([value, via]) {
    need(
      value.dtype === 'float32' && via.dtype === 'float32' && sameShape(value.shape, via.shape),
      () =>
        `customVjp wants two equal tensors, not ${shapeText(value.shape)} and ${shapeText(via.shape)}`,
    );
    return float32(value.shape);
  },
  gradient: (_, dy) => [dy, dy],
  // Nodes that only `via` depends on become unreachable and are dropped.
  decompose: ({ inputs: [value] }) => value,
};

/**
 * Returns `value`; in the backward pass the gradient flows to both `value` and `via`. This allows a
 * term held constant in `value` to be differentiated through a cheaper formulation in `via`. `via`
 * itself is never computed, only what its backward pass reads.
 */
export function customVjp(value: Tensor, via: Tensor): Tensor {
  return apply(CUSTOM_VJP, [value, via], {});
}
