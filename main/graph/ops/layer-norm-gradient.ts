import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { Operation, Triple } from '../operation.ts';
import { lastAxis, sameShape, shapeText, type Tensor } from '../tensor.ts';
import { needLayerNorm, normalise, type EpsilonAttributes } from './normalise.ts';

export const LAYER_NORM_GRADIENT: Operation<'layerNormGradient', EpsilonAttributes, Triple> = {
  name: 'layerNormGradient',
  infer([x, weight, dy], { epsilon }) {
    needType('layerNormGradient', [x, weight, dy], FLOAT);
    needLayerNorm('layerNormGradient', x, weight, epsilon);
    need(
      sameShape(x.shape, dy.shape),
      () => `layerNormGradient over ${shapeText(x.shape)}, ${shapeText(dy.shape)}`,
    );
    return float32(x.shape);
  },
  gradient: 'once',
  // With n = (x − μ) r and dn = dy ⊙ weight: r · (dn − mean(dn) − n · mean(dn · n)).
  decompose({ inputs: [x, weight, dy], attributes: { epsilon } }, g) {
    const { values, r } = normalise(g, x, epsilon);
    const dn = g.mul(dy, weight);
    const projected = g.mul(values, g.mean(g.mul(dn, values), lastAxis(x), true));
    return g.mul(r, g.sub(g.sub(dn, g.mean(dn, lastAxis(x), true)), projected));
  },
};

/** Returns the gradient of x given the output gradient dy of `layerNorm`. */
export function layerNormGradient(x: Tensor, weight: Tensor, dy: Tensor, epsilon: number): Tensor {
  return apply(LAYER_NORM_GRADIENT, [x, weight, dy], { epsilon });
}
