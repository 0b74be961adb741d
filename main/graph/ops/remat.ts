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
 * The value of `y`. Of what leads from `x` to it nothing is kept for the backward pass, which computes it again when the
 * gradient of `y` is there: gradient checkpointing (arXiv 1604.06174).
 */
export function remat(y: Tensor, x: Tensor): Tensor {
  return apply(REMAT, [y, x], {});
}
