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
  // What leads to `via` only is dropped with it.
  decompose: ({ inputs: [value] }) => value,
};

/**
 * The value of `value`; in the backward pass its gradient flows to `value` and to `via`. So what is held constant in the
 * one can be differentiated in the other, by another way that is cheaper there. The value of `via` is never computed,
 * only what its own backward pass reads.
 */
export function customVjp(value: Tensor, via: Tensor): Tensor {
  return apply(CUSTOM_VJP, [value, via], {});
}
