import type { VitArchitecture } from '../../shared/models/vit.ts';
import { prefixOf } from '../../shared/models/vit-architecture.ts';
import { attend } from '../graph/ops/attention-parts.ts';
import { staticDim, times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';
import { mlp } from './mlp.ts';

/** Number of leading tokens that the features are read from; null for all. */
export function tokensRead({ pool }: VitArchitecture): number | null {
  if (pool === undefined) return 1;
  return pool === 'class-and-distillation' ? 2 : null;
}

/**
 * Maps the tokens after the last block, (batch, tokens, width) with as many tokens as `tokensRead`
 * has, to the features: the last norm and the pool in the architecture's order.
 */
export function featuresOf(tokens: Tensor, a: VitArchitecture, build: Build): Tensor {
  const [batch = 0] = tokens.shape;
  const normed = (path: string, x: Tensor): Tensor =>
    a.lastNorm === false ? x : build.norm(path, x);
  // The norm of one token is the same before and after it is picked.
  if (a.pool === undefined)
    return normed(a.pooledNorm ? 'fc_norm' : 'norm', g.reshape(tokens, [batch, a.width]));
  const pool = POOLS[a.pool];
  return a.pooledNorm
    ? build.norm('fc_norm', pool(tokens, a, build))
    : pool(normed('norm', tokens), a, build);
}

type Pool = (tokens: Tensor, a: VitArchitecture, build: Build) => Tensor;

const POOLS: Readonly<Record<NonNullable<VitArchitecture['pool']>, Pool>> = {
  mean: (tokens, a) => g.mean(pooledTokens(tokens, a), [1]),
  attention: (tokens, a, build) => attentionPool(pooledTokens(tokens, a), a, build),
  'class-and-distillation': (tokens, { width }) =>
    g.reshape(tokens, [tokens.shape[0] ?? 0, 2 * width]),
  'class-and-mean': (tokens, a) => {
    const [batch = 0] = tokens.shape;
    const first = g.reshape(g.slice(tokens, [0, 0, 0], [batch, 1, a.width]), [batch, a.width]);
    return g.concat([first, g.mean(pooledTokens(tokens, a), [1])], 1);
  },
};

/** The patches, with the tokens before them where the pool takes these, too. */
function pooledTokens(tokens: Tensor, a: VitArchitecture): Tensor {
  const [batch = 0, count = 0] = tokens.shape;
  const begin = a.poolPrefix ? 0 : prefixOf(a);
  return g.slice(tokens, [0, begin, 0], [batch, staticDim(count) - begin, a.width]);
}

/** A learned query attends to the tokens; an MLP with a residual follows (arXiv 2106.04560). */
function attentionPool(tokens: Tensor, a: VitArchitecture, build: Build): Tensor {
  const { width: d, poolHeads: heads = a.heads, poolMlpDim: mlpDim = a.mlpDim } = a;
  const [batch = 0, count = 0] = tokens.shape;
  const perHead = d / heads;
  const latent = g.reshape(build.param('attn_pool.latent'), [1, d]);
  const query = g.reshape(build.linear('attn_pool.q', latent), [1, heads, 1, perHead]);
  const rows = g.reshape(tokens, [times(batch, count), d]);
  const kv = g.transpose(
    g.reshape(build.linear('attn_pool.kv', rows), [batch, count, 2, heads, perHead]),
    [2, 0, 3, 1, 4],
  );
  const part = (index: number): Tensor =>
    g.reshape(g.slice(kv, [index, 0, 0, 0, 0], [1, batch, heads, count, perHead]), [
      batch,
      heads,
      count,
      perHead,
    ]);
  const q = g.broadcastTo(query, [batch, heads, 1, perHead]);
  const mixed = attend(g, { q, k: part(0), v: part(1), scale: perHead ** -0.5 });
  const pooled = build.linear('attn_pool.proj', g.reshape(mixed, [batch, d]));
  const normed = build.norm('attn_pool.norm', pooled);
  const { activation } = a;
  const shape = activation === undefined ? { mlpDim } : { mlpDim, activation };
  return g.add(pooled, mlp('attn_pool.mlp', normed, shape, build));
}
