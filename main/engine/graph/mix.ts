import * as g from './operations.ts';
import type { Tensor } from './tensor.ts';

/** What `mix` and its gradient come to: one matrix product for each kernel. */

/** (rows, lines, kernels, rank) as (kernels, lines, rows · rank). */
function byKernel(x: Tensor): Tensor {
  const [rows = 0, lines = 0, kernels = 0, rank = 0] = x.shape;
  return g.reshape(g.transpose(x, [2, 1, 0, 3]), [kernels, lines, rows * rank]);
}

export function mixOf(x: Tensor, c: Tensor): Tensor {
  const [rows = 0, , kernels = 0, rank = 0] = x.shape;
  const mixed = g.matmul(c, byKernel(x));
  const [, l = 0] = mixed.shape;
  return g.transpose(g.reshape(mixed, [kernels, l, rows, rank]), [2, 1, 0, 3]);
}

export function mixGradientOf(dy: Tensor, x: Tensor): Tensor {
  return g.matmul(byKernel(dy), byKernel(x), { transposeB: true });
}
