import { apply, FLOAT, float32, needType } from '../operation.ts';
import type { NoAttributes, Operation, Triple } from '../operation.ts';
import { sizeOf, staticShape, type Tensor } from '../tensor.ts';
import { flattenedFactors, kroneckerSizes, needKronecker } from './kronecker.ts';

export const ADD_KRONECKER: Operation<'addKronecker', NoAttributes, Triple> = {
  name: 'addKronecker',
  infer([weight, c, d]) {
    needType('addKronecker', [weight, c, d], FLOAT);
    needKronecker('addKronecker', weight, c, d);
    return float32(weight.shape);
  },
  gradient({ inputs: [, c, d] }, dy, g) {
    const both = g.kroneckerGradient(dy, c, d);
    const part = (from: number, { shape }: Tensor): Tensor =>
      g.reshape(g.slice(both, [from], [sizeOf(shape)]), shape);
    return [dy, part(0, c), part(sizeOf(staticShape(c.shape)), d)];
  },
  // One matrix product, (kernels, l · m)ᵀ (kernels, splits · k · n), sums all c[p, q] · d[s, a, b]
  // over the kernels.
  decompose({ inputs: [weight, c, d] }, g) {
    const { splits, l, k, m, n } = kroneckerSizes(c, d);
    const products = g.matmul(...flattenedFactors(g, c, d), { transposeA: true });
    const boxes = g.transpose(g.reshape(products, [l, m, splits, k, n]), [2, 0, 3, 1, 4]);
    return g.add(weight, g.reshape(boxes, weight.shape));
  },
};

/**
 * Returns weight + Σᵢ c[i] ⊗ d[i], a sum of Kronecker products: c (kernels, l, m), d (kernels,
 * splits, k, n), weight (splits · l · k, m · n). The splits are stacked along the rows and share c.
 */
export function addKronecker(weight: Tensor, c: Tensor, d: Tensor): Tensor {
  return apply(ADD_KRONECKER, [weight, c, d], {});
}
