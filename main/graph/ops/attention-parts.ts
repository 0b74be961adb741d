import { staticDim, type Dim } from '../dim.ts';
import type { Language } from '../language.ts';
import type { Tensor } from '../tensor.ts';

/** Multi-head attention (arXiv 1706.03762) decomposed into basic operations, batched over heads. */

/**
 * Operands per image and head: q (batch, heads, queries, width), k and v (batch, heads, keys,
 * width).
 */
export interface Heads {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** Added to the scores; broadcasts to (batch, heads, queries, keys). */
  readonly bias?: Tensor | undefined;
  /** Factor applied to the scores. */
  readonly scale: number;
}

/** Returns the scaled queries and the softmax of the scores. */
function weigh(g: Language, { q, k, bias, scale }: Heads): { q: Tensor; weights: Tensor } {
  const scaled = g.mul(q, g.scalar(scale));
  const scores = g.matmul(scaled, k, { transposeB: true });
  return { q: scaled, weights: g.softmax(bias === undefined ? scores : g.add(scores, bias)) };
}

/** Returns the attention output, (batch, queries, heads, width). */
export function attend(g: Language, heads: Heads): Tensor {
  return g.transpose(g.matmul(weigh(g, heads).weights, heads.v), [0, 2, 1, 3]);
}

/**
 * Returns the gradients of the unscaled q, of k and v, and of the scores, given the output gradient
 * dy of `attend`.
 */
export function attendGradients(
  g: Language,
  heads: Heads,
  dy: Tensor,
): { dq: Tensor; dk: Tensor; dv: Tensor; dScores: Tensor } {
  const { q, weights } = weigh(g, heads);
  const d = g.transpose(dy, [0, 2, 1, 3]);
  const dWeights = g.matmul(d, heads.v, { transposeB: true });
  const mean = g.sum(g.mul(weights, dWeights), [3], true);
  const dScores = g.mul(weights, g.sub(dWeights, mean));
  const dq = g.mul(g.matmul(dScores, heads.k), g.scalar(heads.scale));
  const dk = g.matmul(dScores, q, { transposeA: true });
  const dv = g.matmul(weights, d, { transposeA: true });
  return { dq, dk, dv, dScores };
}

/**
 * Splits packed queries, keys and values, qkv (batch, tokens, 3, heads, width), into heads.
 * @param queries number of leading tokens used as queries
 */
export function unpack(g: Language, qkv: Tensor, queries: Dim): Heads {
  const [batch = 0, tokens = 0, , heads = 0, width = 0] = qkv.shape;
  const split = g.transpose(qkv, [2, 0, 3, 1, 4]);
  const part = (index: number, length: Dim): Tensor =>
    g.reshape(g.slice(split, [index, 0, 0, 0, 0], [1, batch, heads, length, width]), [
      batch,
      heads,
      length,
      width,
    ]);
  return {
    q: part(0, queries),
    k: part(1, tokens),
    v: part(2, tokens),
    scale: staticDim(width) ** -0.5,
  };
}

/** Converts (batch, tokens, heads, width) to (batch, heads, tokens, width) and back. */
export function swapTokensAndHeads(g: Language, x: Tensor): Tensor {
  return g.transpose(x, [0, 2, 1, 3]);
}
