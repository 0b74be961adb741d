import * as g from './operations.ts';
import { sizeOf, type Tensor } from './tensor.ts';

/** Sums of Kronecker products and their gradients in single operations: what `addKronecker` and its gradient come to. */

/** Of C (kernels, l, m) and D (kernels, splits, k, n). */
export interface KroneckerSizes {
  readonly kernels: number;
  readonly splits: number;
  readonly l: number;
  readonly k: number;
  readonly m: number;
  readonly n: number;
}

export function kroneckerSizes(c: Tensor, d: Tensor): KroneckerSizes {
  const [kernels = 0, l = 0, m = 0] = c.shape;
  const [, splits = 0, k = 0, n = 0] = d.shape;
  return { kernels, splits, l, k, m, n };
}

/** c as (kernels, l · m) and d as (kernels, splits · k · n). */
function flattened(c: Tensor, d: Tensor): [Tensor, Tensor] {
  return [c, d].map((t) => {
    const [kernels = 0, ...rest] = t.shape;
    return g.reshape(t, [kernels, sizeOf(rest)]);
  }) as [Tensor, Tensor];
}

/** As one matrix product: (kernels, l · m)ᵀ (kernels, splits · k · n) gives every c[p, q] · d[s, a, b], summed over the kernels. */
export function addKroneckerOf(weight: Tensor, c: Tensor, d: Tensor): Tensor {
  const { splits, l, k, m, n } = kroneckerSizes(c, d);
  const products = g.matmul(...flattened(c, d), { transposeA: true });
  const boxes = g.transpose(g.reshape(products, [l, m, splits, k, n]), [2, 0, 3, 1, 4]);
  return g.add(weight, g.reshape(boxes, weight.shape));
}

export function kroneckerGradientOf(dy: Tensor, c: Tensor, d: Tensor): Tensor {
  const { splits, l, k, m, n } = kroneckerSizes(c, d);
  const boxes = g.transpose(g.reshape(dy, [splits, l, k, m, n]), [1, 3, 0, 2, 4]);
  const products = g.reshape(boxes, [l * m, splits * k * n]);
  const [flatC, flatD] = flattened(c, d);
  const dc = g.matmul(flatD, products, { transposeB: true });
  const dd = g.matmul(flatC, products);
  return g.concat(
    [dc, dd].map((t) => g.reshape(t, [sizeOf(t.shape)])),
    0,
  );
}
