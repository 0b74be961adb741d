import type { Language } from '../language.ts';
import { need } from '../operation.ts';
import { sameShape, shapeText, sizeOf, staticShape, type Tensor } from '../tensor.ts';

/** Helpers shared by sums of Kronecker products and their gradients. */

/** Dimensions of C (kernels, l, m) and D (kernels, splits, k, n). */
export interface KroneckerSizes {
  readonly kernels: number;
  readonly splits: number;
  readonly l: number;
  readonly k: number;
  readonly m: number;
  readonly n: number;
}

export function kroneckerSizes(c: Tensor, d: Tensor): KroneckerSizes {
  const [kernels = 0, l = 0, m = 0] = staticShape(c.shape);
  const [, splits = 0, k = 0, n = 0] = staticShape(d.shape);
  return { kernels, splits, l, k, m, n };
}

/** Reshapes c to (kernels, l · m) and d to (kernels, splits · k · n). */
export function flattenedFactors(g: Language, c: Tensor, d: Tensor): [Tensor, Tensor] {
  return [c, d].map((t) => {
    const [kernels = 0, ...rest] = t.shape;
    return g.reshape(t, [kernels, sizeOf(rest)]);
  }) as [Tensor, Tensor];
}

/** @throws GraphError unless the weight has the shape of the sum */
export function needKronecker(op: string, weight: Tensor, c: Tensor, d: Tensor): void {
  const { kernels, splits, l, k, m, n } = kroneckerSizes(c, d);
  need(
    c.shape.length === 3 &&
      d.shape.length === 4 &&
      d.shape[0] === kernels &&
      sameShape(weight.shape, [splits * l * k, m * n]),
    () => `${op} of ${[weight, c, d].map((t) => shapeText(t.shape)).join(', ')}`,
  );
}
