import * as g from './operations.ts';
import type { Tensor } from './tensor.ts';

/**
 * Multi-head attention (arXiv 1706.03762) and its gradient in single operations, over queries, keys and values side by side:
 * qkv (batch, tokens, 3, heads, width).
 */

interface Parts {
  /** (batch, heads, queries, width), scaled by 1 / √width. */
  readonly q: Tensor;
  /** (batch, heads, tokens, width). */
  readonly k: Tensor;
  readonly v: Tensor;
  /** softmax(q kᵀ) (batch, heads, queries, tokens). */
  readonly weights: Tensor;
}

function partsOf(qkv: Tensor, queries: number): Parts {
  const [batch = 0, tokens = 0, , heads = 0, width = 0] = qkv.shape;
  const split = g.transpose(qkv, [2, 0, 3, 1, 4]);
  const part = (index: number, length: number): Tensor =>
    g.reshape(g.slice(split, [index, 0, 0, 0, 0], [1, batch, heads, length, width]), [
      batch,
      heads,
      length,
      width,
    ]);
  const q = g.mul(part(0, queries), g.scalar(width ** -0.5));
  const k = part(1, tokens);
  const weights = g.softmax(g.matmul(q, k, { transposeB: true }));
  return { q, k, v: part(2, tokens), weights };
}

/** What the first `queries` tokens attend to: (batch, queries, heads, width). */
export function attentionOf(qkv: Tensor, queries: number): Tensor {
  const { v, weights } = partsOf(qkv, queries);
  return g.transpose(g.matmul(weights, v), [0, 2, 1, 3]);
}

/** The gradient for qkv of a loss whose gradient for `attentionOf(qkv, tokens)` is dy. */
export function attentionGradientOf(qkv: Tensor, dy: Tensor): Tensor {
  const [batch = 0, tokens = 0, , heads = 0, width = 0] = qkv.shape;
  const { q, k, v, weights } = partsOf(qkv, tokens);
  const d = g.transpose(dy, [0, 2, 1, 3]);
  const dWeights = g.matmul(d, v, { transposeB: true });
  const mean = g.sum(g.mul(weights, dWeights), [3], true);
  const dScores = g.mul(weights, g.sub(dWeights, mean));
  const dq = g.mul(g.matmul(dScores, k), g.scalar(width ** -0.5));
  const dk = g.matmul(dScores, q, { transposeA: true });
  const dv = g.matmul(weights, d, { transposeA: true });
  const stacked = [dq, dk, dv].map((one) => g.reshape(one, [1, batch, heads, tokens, width]));
  return g.transpose(g.concat(stacked, 0), [1, 3, 0, 2, 4]);
}
