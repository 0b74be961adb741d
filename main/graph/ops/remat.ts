import { apply, FLOAT, float32, needType } from '../operation.ts';
import type { NoAttributes, Operation, Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';

export const REMAT: Operation<'remat', NoAttributes, Pair> = {
  name: 'remat',
  infer([y, x]) {
    needType('remat', [y, x], FLOAT);
    return float32(y.shape);
  },
  gradient: (_, dy) => [dy, null],
  decompose: ({ inputs: [y] }) => y,
};

/**
 * Gradient checkpointing (arXiv 1604.06174): returns `y`, but keeps no intermediate values between
 * `x` and `y` for the backward pass, which recomputes them once the gradient of `y` is available.
 */
export function remat(y: Tensor, x: Tensor): Tensor {
  return apply(REMAT, [y, x], {});
}
