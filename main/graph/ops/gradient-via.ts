import {
  apply,
  float32,
  need,
  type NoAttributes,
  type Operation,
  type Pair,
} from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';

export const GRADIENT_VIA: Operation<'gradientVia', NoAttributes, Pair> = {
  name: 'gradientVia',
  infer([value, via]) {
    need(
      value.dtype === 'float32' && via.dtype === 'float32' && sameShape(value.shape, via.shape),
      () =>
        `gradientVia wants two equal tensors, not ${shapeText(value.shape)} and ${shapeText(via.shape)}`,
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
export function gradientVia(value: Tensor, via: Tensor): Tensor {
  return apply(GRADIENT_VIA, [value, via], {});
}
