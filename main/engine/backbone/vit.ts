import type { VitArchitecture } from '../../../shared/domain/architecture.ts';
import { attend, unpack } from '../../graph/ops/attention-parts.ts';
import * as g from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/**
 * The vision transformer (arXiv 2010.11929) as timm builds and names it: pre-norm blocks, class token, learned
 * position embeddings, exact GELU, one fused qkv projection.
 */

/** Gives the tensor of a timm name (`blocks.0.norm1.weight`). */
export type Weights = (name: string) => Tensor;

/**
 * y = x Wᵀ + bias of the Linear of that timm module path, for x of shape (rows, in); an adapter may stand in for it. Where x
 * follows cheaply from `source`, a backward pass that reads x may compute it again from there instead of keeping it.
 */
export type Linear = (module: string, x: Tensor, source?: Tensor) => Tensor;

export interface VitOptions {
  readonly weights: Weights;
  readonly linear: Linear;
  /** (2 · depth, batch): 0 for a dropped residual branch, 1 / (1 − p) for a kept one (arXiv 1603.09382). */
  readonly dropPath?: Tensor;
  /** (batch, kept, patches), rows one-hot: the patches that are kept (arXiv 2208.07220); the class token always is. */
  readonly patchSelection?: Tensor;
  /** So many blocks, from the first, are computed again in the backward pass and keep nothing for it; usually 0. */
  readonly recomputedBlocks?: number;
}

/** x Wᵀ + bias with the stored weights; x (rows, in) → (rows, out). */
export function plainLinear(weights: Weights, hasBias: (module: string) => boolean): Linear {
  return (module, x) => {
    const y = g.matmul(x, weights(`${module}.weight`), { transposeB: true });
    return hasBias(module) ? g.add(y, weights(`${module}.bias`)) : y;
  };
}

/** Normalised images (batch, 3, S, S) → class-token features after the last norm (batch, width). */
export function vitFeatures(images: Tensor, a: VitArchitecture, options: VitOptions): Tensor {
  const batch = images.shape[0] ?? 0;
  let tokens = embed(images, a, options.weights);
  if (options.patchSelection !== undefined) tokens = selected(tokens, options.patchSelection);
  for (let i = 0; i < a.depth; i++) {
    // After the last attention only the class token is read: its own query, projection and MLP are enough.
    const given = tokens;
    tokens = block(given, i, a, options, i === a.depth - 1);
    if (i < (options.recomputedBlocks ?? 0)) tokens = g.recomputed(tokens, given);
  }
  const classToken = g.reshape(tokens, [batch, a.width]);
  return layerNorm(classToken, 'norm', a, options.weights);
}

/** Features (batch, width) → logits (batch, classes). */
export function classify(features: Tensor, weights: Weights): Tensor {
  return g.add(
    g.matmul(features, weights('head.weight'), { transposeB: true }),
    weights('head.bias'),
  );
}

/** (batch, 3, S, S) → (batch, 1 + patches, width); patches in row-major order behind the class token. */
function embed(images: Tensor, a: VitArchitecture, weights: Weights): Tensor {
  const { width: d, patchSize: p } = a;
  const [batch = 0] = images.shape;
  const side = a.imageSize / p;
  const inner = 3 * p * p;
  const boxes = g.reshape(images, [batch, 3, side, p, side, p]);
  const rows = g.reshape(g.transpose(boxes, [0, 2, 4, 1, 3, 5]), [batch * side * side, inner]);
  const kernel = g.reshape(weights('patch_embed.proj.weight'), [d, inner]);
  const embedded = g.add(
    g.matmul(rows, kernel, { transposeB: true }),
    weights('patch_embed.proj.bias'),
  );
  const patches = g.reshape(embedded, [batch, side * side, d]);
  const classToken = g.broadcastTo(weights('cls_token'), [batch, 1, d]);
  return g.add(g.concat([classToken, patches], 1), weights('pos_embed'));
}

/** The class token and the patches that `selection` names; order among patches means nothing to the blocks. */
function selected(tokens: Tensor, selection: Tensor): Tensor {
  const [batch = 0, count = 0, d = 0] = tokens.shape;
  const classToken = g.slice(tokens, [0, 0, 0], [batch, 1, d]);
  const patches = g.slice(tokens, [0, 1, 0], [batch, count - 1, d]);
  return g.concat([classToken, g.matmul(selection, patches)], 1);
}

function block(
  x: Tensor,
  index: number,
  a: VitArchitecture,
  o: VitOptions,
  classTokenOnly: boolean,
): Tensor {
  const name = `blocks.${String(index)}`;
  const [batch = 0, count = 0] = x.shape;
  const d = a.width;
  const kept = classTokenOnly ? 1 : count;
  const flat = (t: Tensor): Tensor => g.reshape(t, [batch * kept, d]);
  const residual = (branch: Tensor, site: number): Tensor => {
    const whole = g.reshape(branch, [batch, kept, d]);
    if (o.dropPath === undefined) return whole;
    const keep = g.slice(o.dropPath, [2 * index + site, 0], [1, batch]);
    return g.mul(whole, g.reshape(keep, [batch, 1, 1]));
  };
  const attended = attention(x, name, a, o, kept);
  const own = g.slice(x, [0, 0, 0], [batch, kept, d]);
  const middle = g.add(own, residual(attended, 0));
  const normed = flat(layerNorm(middle, `${name}.norm2`, a, o.weights));
  const hidden = o.linear(`${name}.mlp.fc1`, normed, middle);
  const activated = g.recomputed(g.gelu(hidden), hidden);
  return g.add(middle, residual(o.linear(`${name}.mlp.fc2`, activated), 1));
}

/**
 * Multi-head self-attention of the first `queries` tokens, normalised, over all; x (batch, tokens, width) →
 * (batch · queries, width).
 */
function attention(
  x: Tensor,
  name: string,
  a: VitArchitecture,
  o: VitOptions,
  queries: number,
): Tensor {
  const { width: d, heads } = a;
  const [batch = 0, count = 0] = x.shape;
  const perHead = d / heads;
  const normed = g.reshape(layerNorm(x, `${name}.norm1`, a, o.weights), [batch * count, d]);
  const projected = o.linear(`${name}.attn.qkv`, normed, x);
  const qkv = g.reshape(projected, [batch, count, 3, heads, perHead]);
  const mixed = queries === count ? g.packedAttention(qkv) : attend(g, unpack(g, qkv, queries));
  return o.linear(`${name}.attn.proj`, g.reshape(mixed, [batch * queries, d]));
}

function layerNorm(x: Tensor, name: string, a: VitArchitecture, weights: Weights): Tensor {
  return g.layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), a.layerNormEpsilon);
}
