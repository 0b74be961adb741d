import { times } from '../dim.ts';
import type { Language } from '../language.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Rearranges (rows, lines, kernels, rank) to (kernels, lines, rows · rank), so that mixing is one
 * matrix product per kernel.
 */
export function byKernel(g: Language, x: Tensor): Tensor {
  const [rows = 0, lines = 0, kernels = 0, rank = 0] = x.shape;
  return g.reshape(g.transpose(x, [2, 1, 0, 3]), [kernels, lines, times(rows, rank)]);
}
