import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { NoAttributes, Operation, Pair } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';
import { byKernel } from './by-kernel.ts';

export const MIX: Operation<'mix', NoAttributes, Pair> = {
  name: 'mix',
  infer([x, c]) {
    needType('mix', [x, c], FLOAT);
    const [rows = 0, m = 0, kernels = 0, rank = 0] = x.shape;
    const [, l = 0] = c.shape;
    const fits = x.shape.length === 4 && sameShape(c.shape, [kernels, l, m]);
    need(fits, () => `mix of ${shapeText(x.shape)} by ${shapeText(c.shape)}`);
    return float32([rows, l, kernels, rank]);
  },
  gradient: ({ inputs: [x, c] }, dy, g) => [
    g.mix(dy, g.transpose(c, [0, 2, 1])),
    g.mixGradient(dy, x),
  ],
  decompose({ inputs: [x, c] }, g) {
    const [rows = 0, , kernels = 0, rank = 0] = x.shape;
    const mixed = g.matmul(c, byKernel(g, x));
    const [, l = 0] = mixed.shape;
    return g.transpose(g.reshape(mixed, [kernels, l, rows, rank]), [2, 1, 0, 3]);
  },
};

/**
 * Mixes x (rows, m, kernels, rank) over m with each kernel's matrix in c (kernels, l, m): y[t, p,
 * i, s] = Σ_q c[i, p, q] x[t, q, i, s], of shape (rows, l, kernels, rank).
 */
export function mix(x: Tensor, c: Tensor): Tensor {
  return apply(MIX, [x, c], {});
}
