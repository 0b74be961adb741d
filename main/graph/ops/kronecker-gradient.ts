import { plus } from '../dim.ts';
import { apply, FLOAT, float32, needType } from '../operation.ts';
import type { NoAttributes, Operation, Triple } from '../operation.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import { flattenedFactors, kroneckerSizes, needKronecker } from './kronecker.ts';

export const KRONECKER_GRADIENT: Operation<'kroneckerGradient', NoAttributes, Triple> = {
  name: 'kroneckerGradient',
  infer([dy, c, d]) {
    needType('kroneckerGradient', [dy, c, d], FLOAT);
    needKronecker('kroneckerGradient', dy, c, d);
    return float32([plus(sizeOf(c.shape), sizeOf(d.shape))]);
  },
  gradient: 'once',
  decompose({ inputs: [dy, c, d] }, g) {
    const { splits, l, k, m, n } = kroneckerSizes(c, d);
    const boxes = g.transpose(g.reshape(dy, [splits, l, k, m, n]), [1, 3, 0, 2, 4]);
    const products = g.reshape(boxes, [l * m, splits * k * n]);
    const [flatC, flatD] = flattenedFactors(g, c, d);
    const dc = g.matmul(flatD, products, { transposeB: true });
    const dd = g.matmul(flatC, products);
    return g.concat(
      [dc, dd].map((t) => g.reshape(t, [sizeOf(t.shape)])),
      0,
    );
  },
};

/**
 * Returns the gradients of c and d, flattened and concatenated, given the output gradient dy of
 * `addKronecker`.
 */
export function kroneckerGradient(dy: Tensor, c: Tensor, d: Tensor): Tensor {
  return apply(KRONECKER_GRADIENT, [dy, c, d], {});
}
