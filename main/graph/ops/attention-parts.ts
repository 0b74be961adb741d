import { staticDim, type Dim } from '../dim.ts';
import type { Language } from '../language.ts';
import type { Tensor } from '../tensor.ts';

/** Multi-head attention (arXiv 1706.03762) in single operations, one head beside the other as batches. */

/** Of each head of each image: q (batch, heads, queries, width), k and v (batch, heads, keys, width). */
export interface Heads {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** Added to the scores (batch, heads, queries, keys), to which it broadcasts. */
  readonly bias?: Tensor | undefined;
  /** That the scores are multiplied by. */
  readonly scale: number;
}

/** Softmax of the scores, and with the queries scaled. */
function weigh(g: Language, { q, k, bias, scale }: Heads): { q: Tensor; weights: Tensor } {
  const scaled = g.mul(q, g.scalar(scale));
  const scores = g.matmul(scaled, k, { transposeB: true });
  return { q: scaled, weights: g.softmax(bias === undefined ? scores : g.add(scores, bias)) };
}

/** What the queries attend to: (batch, queries, heads, width). */
export function attend(g: Language, heads: Heads): Tensor {
  return g.transpose(g.matmul(weigh(g, heads).weights, heads.v), [0, 2, 1, 3]);
}

/** The gradients of q, k and v as they were given, and of the scores, for the gradient dy of `attend`. */
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
 * The heads of queries, keys and values side by side: qkv (batch, tokens, 3, heads, width).
 * @param queries that many tokens ask, from the first
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

/** (batch, tokens, heads, width) as heads, and these as that. */
export function swapTokensAndHeads(g: Language, x: Tensor): Tensor {
  return g.transpose(x, [0, 2, 1, 3]);
}
