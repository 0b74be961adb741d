import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { NoAttributes, Operation, Pair } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';
import { normalDensity, normalDistribution } from './normal.ts';

export const GELU_GRADIENT: Operation<'geluGradient', NoAttributes, Pair> = {
  name: 'geluGradient',
  infer([x, dy]) {
    need(
      sameShape(x.shape, dy.shape),
      () => `geluGradient over ${shapeText(x.shape)}, ${shapeText(dy.shape)}`,
    );
    needType('geluGradient', [x, dy], FLOAT);
    return float32(x.shape);
  },
  gradient: 'once',
  decompose: ({ inputs: [x, dy] }, g) =>
    g.mul(dy, g.add(normalDistribution(g, x), g.mul(x, normalDensity(g, x)))),
};

/** dy · (Φ(x) + x φ(x)), the backward pass of `gelu`. */
export function geluGradient(x: Tensor, dy: Tensor): Tensor {
  return apply(GELU_GRADIENT, [x, dy], {});
}
