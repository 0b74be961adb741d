import { broadcastShape, sumTo } from '../broadcast.ts';
import { staticDim } from '../dim.ts';
import type { AttentionInputs, Language } from '../language.ts';
import { apply, FLOAT, float32, isShape, need, needType, type Operation } from '../operation.ts';
import { sameShape, shapeText, sizeOf, staticShape, type Shape, type Tensor } from '../tensor.ts';
import { attend, swapTokensAndHeads, type Heads } from './attention-parts.ts';

export interface AttentionAttributes {
  readonly scale: number;
}

export const ATTENTION: Operation<'attention', AttentionAttributes, AttentionInputs> = {
  name: 'attention',
  infer(inputs) {
    needAttention('attention', inputs);
    return float32(inputs[0].shape);
  },
  gradient({ inputs, attributes: { scale } }, dy, g) {
    const [q, k, v, bias] = inputs;
    const all = g.attentionGradient(inputs, dy, scale);
    let from = 0;
    const next = (shape: Shape): Tensor => {
      const begin = from;
      from += sizeOf(staticShape(shape));
      return g.reshape(g.slice(all, [begin], [sizeOf(shape)]), shape);
    };
    const parts = [q, k, v].map(({ shape }) => next(shape));
    return bias === undefined ? parts : [...parts, sumTo(g, next(scoresShape(q, k)), bias.shape)];
  },
  decompose: ({ inputs, attributes: { scale } }, g) => attend(g, headsOf(g, inputs, scale)),
};

/**
 * Multi-head attention (arXiv 1706.03762): softmax(scale · q kᵀ + bias) v per head. q (batch,
 * queries, heads, width), k and v (batch, keys, heads, width) → (batch, queries, heads, width); the
 * bias broadcasts to (batch, heads, queries, keys).
 * @param scale defaults to 1 / √width
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { bias, scale = staticDim(q.shape[3] ?? 1) ** -0.5 }: { bias?: Tensor; scale?: number } = {},
): Tensor {
  return apply(ATTENTION, bias === undefined ? [q, k, v] : [q, k, v, bias], { scale });
}

export function headsOf(g: Language, [q, k, v, bias]: AttentionInputs, scale: number): Heads {
  const heads = (x: Tensor): Tensor => swapTokensAndHeads(g, x);
  return { q: heads(q), k: heads(k), v: heads(v), bias, scale };
}

export function scoresShape(q: Tensor, k: Tensor): Shape {
  const [batch = 0, queries = 0, heads = 0] = q.shape;
  return [batch, heads, queries, k.shape[1] ?? 0];
}

/** @throws GraphError for operands of mismatched shapes */
export function needAttention(op: string, inputs: AttentionInputs): void {
  needType(op, inputs, FLOAT);
  const [q, k, v, bias] = inputs;
  const [batch = 0, , heads = 0, width = 0] = q.shape;
  const scores = scoresShape(q, k);
  need(
    q.shape.length === 4 &&
      staticDim(width) > 0 &&
      isShape(scores) &&
      sameShape(k.shape, [batch, k.shape[1] ?? 0, heads, width]) &&
      sameShape(k.shape, v.shape) &&
      (bias === undefined || sameShape(broadcastShape(bias.shape, scores), scores)),
    () => `${op} over ${inputs.map((t) => shapeText(t.shape)).join(', ')}`,
  );
}
