import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { NoAttributes, Operation, Pair } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';
import { byKernel } from './by-kernel.ts';

export const MIX_GRADIENT: Operation<'mixGradient', NoAttributes, Pair> = {
  name: 'mixGradient',
  infer([dy, x]) {
    needType('mixGradient', [dy, x], FLOAT);
    const [rows = 0, l = 0, ...blocks] = dy.shape;
    const [, m = 0] = x.shape;
    const fits = dy.shape.length === 4 && sameShape(x.shape, [rows, m, ...blocks]);
    need(fits, () => `mixGradient of ${shapeText(dy.shape)} by ${shapeText(x.shape)}`);
    return float32([blocks[0] ?? 0, l, m]);
  },
  gradient: 'once',
  decompose: ({ inputs: [dy, x] }, g) =>
    g.matmul(byKernel(g, dy), byKernel(g, x), { transposeB: true }),
};

/**
 * Returns the gradient of c (kernels, l, m), given the output gradient dy (rows, l, kernels, rank)
 * of `mix`.
 */
export function mixGradient(dy: Tensor, x: Tensor): Tensor {
  return apply(MIX_GRADIENT, [dy, x], {});
}
