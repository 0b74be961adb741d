import { isOpen, staticDim } from '../dim.ts';
import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { NoAttributes, Operation } from '../operation.ts';
import { shapeText, type Tensor } from '../tensor.ts';
import { attend, unpack } from './attention-parts.ts';

export const PACKED_ATTENTION: Operation<'packedAttention', NoAttributes> = {
  name: 'packedAttention',
  infer([qkv]) {
    needType('packedAttention', [qkv], FLOAT);
    const [batch = 0, tokens = 0, parts = 0, heads = 0, width = 0] = qkv.shape;
    need(
      qkv.shape.length === 5 && parts === 3 && !isOpen(tokens) && staticDim(width) > 0,
      () => `packedAttention over ${shapeText(qkv.shape)}`,
    );
    return float32([batch, tokens, heads, width]);
  },
  gradient: ({ inputs: [qkv] }, dy, g) => [g.packedAttentionGradient(qkv, dy)],
  decompose: ({ inputs: [qkv] }, g) => attend(g, unpack(g, qkv, qkv.shape[1] ?? 0)),
};

/**
 * Multi-head attention (arXiv 1706.03762) on packed queries, keys and values, the output of one
 * projection: qkv (batch, tokens, 3, heads, width) → (batch, tokens, heads, width), softmax(q kᵀ /
 * √width) v per head.
 */
export function packedAttention(qkv: Tensor): Tensor {
  return apply(PACKED_ATTENTION, [qkv], {});
}
