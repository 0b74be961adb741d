import type { VitArchitecture } from '../../shared/models/vit.ts';
import { attend, unpack, type Heads } from '../graph/ops/attention-parts.ts';
import { sameDim, times, type Dim } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';
import { isRotated, rotate, type Rotation } from './rope.ts';

/** What the attention of every block has in common. */
export interface Attention {
  readonly a: VitArchitecture;
  readonly build: Build;
  /** Number of tokens before the patches. */
  readonly prefix: number;
  readonly rotation: Rotation | null;
}

/**
 * Multi-head self-attention with the first `queries` tokens as queries and all tokens as keys,
 * including the norm before it; x (batch, tokens, width) → (batch · queries, width).
 */
export function attention(x: Tensor, name: string, of: Attention, queries: Dim): Tensor {
  const { a, build } = of;
  const { width: d, heads } = a;
  const [batch = 0, count = 0] = x.shape;
  const normed = g.reshape(build.norm(`${name}.norm1`, x), [times(batch, count), d]);
  const projected = build.linear(`${name}.attn.qkv`, normed, x);
  const qkv = g.reshape(projected, [batch, count, 3, heads, d / heads]);
  const plain = sameDim(queries, count) && !a.qkNorm && of.rotation === null;
  const mixed = plain
    ? g.packedAttention(qkv)
    : attend(g, positioned(unpack(g, qkv, queries), `${name}.attn`, of));
  const rows = g.reshape(mixed, [times(batch, queries), d]);
  const inner = a.attentionNorm ? build.norm(`${name}.attn.norm`, rows) : rows;
  return build.linear(`${name}.attn.proj`, inner);
}

/** q and k after their norms and turned to their positions. */
function positioned(heads: Heads, path: string, { a, build, prefix, rotation }: Attention): Heads {
  const turned = (x: Tensor, norm: string): Tensor => {
    const normed = a.qkNorm ? build.norm(`${path}.${norm}`, x) : x;
    return rotation !== null && isRotated(a) ? rotate(normed, rotation, a.rope, prefix) : normed;
  };
  return { ...heads, q: turned(heads.q, 'q_norm'), k: turned(heads.k, 'k_norm') };
}
