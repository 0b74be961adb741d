import { plus } from '../dim.ts';
import type { AttentionInputs } from '../language.ts';
import { apply, float32, need, type Operation } from '../operation.ts';
import { sameShape, shapeText, sizeOf, type Tensor } from '../tensor.ts';
import { attendGradients, swapTokensAndHeads } from './attention-parts.ts';
import { headsOf, needAttention, scoresShape, type AttentionAttributes } from './attention.ts';

/** dy, followed by the inputs of `attention`. */
type Inputs = readonly [Tensor, ...AttentionInputs];

export const ATTENTION_GRADIENT: Operation<'attentionGradient', AttentionAttributes, Inputs> = {
  name: 'attentionGradient',
  infer([dy, ...inputs]) {
    needAttention('attentionGradient', inputs);
    const [q, k, v, bias] = inputs;
    need(
      sameShape(q.shape, dy.shape) && dy.dtype === 'float32',
      () => `attentionGradient of ${shapeText(q.shape)} for ${shapeText(dy.shape)}`,
    );
    const shapes = [q.shape, k.shape, v.shape, ...(bias === undefined ? [] : [scoresShape(q, k)])];
    return float32([shapes.map(sizeOf).reduce(plus, 0)]);
  },
  gradient: 'once',
  decompose({ inputs: [dy, ...inputs], attributes: { scale } }, g) {
    const { dq, dk, dv, dScores } = attendGradients(g, headsOf(g, inputs, scale), dy);
    const parts = [dq, dk, dv].map((x) => swapTokensAndHeads(g, x));
    const all = inputs.length === 4 ? [...parts, dScores] : parts;
    return g.concat(
      all.map((t) => g.reshape(t, [sizeOf(t.shape)])),
      0,
    );
  },
};

/**
 * Returns the gradients of q, k, v and, with a bias, of the scores, flattened and concatenated,
 * given the output gradient dy of `attention`.
 */
export function attentionGradient(inputs: AttentionInputs, dy: Tensor, scale: number): Tensor {
  return apply(ATTENTION_GRADIENT, [dy, ...inputs], { scale });
}
