import { isOpen } from '../dim.ts';
import { apply, FLOAT, float32, need, needType } from '../operation.ts';
import type { NoAttributes, Operation, Pair } from '../operation.ts';
import { sameShape, shapeText, type Tensor } from '../tensor.ts';
import { attendGradients, unpack } from './attention-parts.ts';

export const PACKED_ATTENTION_GRADIENT: Operation<'packedAttentionGradient', NoAttributes, Pair> = {
  name: 'packedAttentionGradient',
  infer([qkv, dy]) {
    const [batch = 0, tokens = 0, parts = 0, heads = 0, width = 0] = qkv.shape;
    need(
      qkv.shape.length === 5 &&
        parts === 3 &&
        !isOpen(tokens) &&
        !isOpen(width) &&
        sameShape([batch, tokens, heads, width], dy.shape),
      () => `packedAttentionGradient over ${shapeText(qkv.shape)}, ${shapeText(dy.shape)}`,
    );
    needType('packedAttentionGradient', [qkv, dy], FLOAT);
    return float32(qkv.shape);
  },
  gradient: 'once',
  decompose({ inputs: [qkv, dy] }, g) {
    const [batch = 0, tokens = 0, , heads = 0, width = 0] = qkv.shape;
    const { dq, dk, dv } = attendGradients(g, unpack(g, qkv, tokens), dy);
    const stacked = [dq, dk, dv].map((one) => g.reshape(one, [1, batch, heads, tokens, width]));
    return g.transpose(g.concat(stacked, 0), [1, 3, 0, 2, 4]);
  },
};

/** Backward pass of `packedAttention`; returns the gradient of qkv, in its shape. */
export function packedAttentionGradient(qkv: Tensor, dy: Tensor): Tensor {
  return apply(PACKED_ATTENTION_GRADIENT, [qkv, dy], {});
}
