import { sumTo } from '../broadcast.ts';
import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { Operation, Triple } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';
import { needLayerNorm, normalise, type EpsilonAttributes } from './normalise.ts';

export const LAYER_NORM: Operation<'layerNorm', EpsilonAttributes, Triple> = {
  name: 'layerNorm',
  infer([x, weight, bias], { epsilon }) {
    needType('layerNorm', [x, weight, bias], FLOAT);
    needLayerNorm('layerNorm', x, weight, epsilon);
    need(
      sameShape(weight.shape, bias.shape),
      () => `layerNorm with a bias of ${shapeText(bias.shape)}`,
    );
    return float32(x.shape);
  },
  gradient({ inputs: [x, weight, bias], attributes: { epsilon } }, dy, g) {
    return [
      g.layerNormGradient(x, weight, dy, epsilon),
      sumTo(g, g.mul(dy, normalise(g, x, epsilon).values), weight.shape),
      sumTo(g, dy, bias.shape),
    ];
  },
  decompose: ({ inputs: [x, weight, bias], attributes: { epsilon } }, g) =>
    g.add(g.mul(normalise(g, x, epsilon).values, weight), bias),
};

/**
 * Layer normalisation (arXiv 1607.06450): (x − mean) / sqrt(variance + ε) over the last axis,
 * scaled by weight and shifted by bias, both of the width of that axis.
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return apply(LAYER_NORM, [x, weight, bias], { epsilon });
}
