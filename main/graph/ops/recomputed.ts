import { apply, FLOAT, float32, needType } from '../operation.ts';
import type { NoAttributes, Operation, Pair } from '../operation.ts';
import type { Tensor } from '../tensor.ts';

export const RECOMPUTED: Operation<'recomputed', NoAttributes, Pair> = {
  name: 'recomputed',
  infer([y, x]) {
    needType('recomputed', [y, x], FLOAT);
    return float32(y.shape);
  },
  gradient: (_, dy) => [dy, null],
  decompose: ({ inputs: [y] }) => y,
};

/**
 * The value of `y`. Of what leads from `x` to it nothing is kept for the backward pass, which computes it again when the
 * gradient of `y` is there: gradient checkpointing (arXiv 1604.06174).
 */
export function recomputed(y: Tensor, x: Tensor): Tensor {
  return apply(RECOMPUTED, [y, x], {});
}
