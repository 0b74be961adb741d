import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';

export const STOP_GRADIENT: Operation<'stopGradient', NoAttributes> = {
  name: 'stopGradient',
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  gradient: 'none',
};

/** Returns `x` and blocks the gradient. */
export function stopGradient(x: Tensor): Tensor {
  return apply(STOP_GRADIENT, [x], {});
}
