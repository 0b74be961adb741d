import { apply, type NoAttributes, type Operation } from '../operation.ts';
import type { Tensor } from '../tensor.ts';

export const STOP_GRADIENT: Operation<'stopGradient', NoAttributes> = {
  name: 'stopGradient',
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  gradient: 'none',
};

/** The value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return apply(STOP_GRADIENT, [x], {});
}
