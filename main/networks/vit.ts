import { vit as spec, type VitArchitecture } from '../../shared/models/vit.ts';
import { attend, unpack } from '../graph/ops/attention-parts.ts';
import { sameDim, times, type Dim } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';
import type { Network } from './network.ts';

/**
 * The vision transformer (arXiv 2010.11929) with timm's structure and names: pre-norm blocks, class
 * token, learned position embeddings, exact GELU, one fused qkv projection. The features are the
 * class token after the last norm.
 */
export const vit: Network<VitArchitecture> = {
  features(images, a, build) {
    const { prefix } = spec.tokens(a);
    let tokens = embed(images, a, build);
    for (let i = 0; i < a.depth; i++) {
      tokens = build.tokens({ block: i, prefix }, tokens);
      // Only the class token is read after the last attention, so only its query, projection and
      // MLP are computed.
      const output = block(tokens, i, a, build, i === a.depth - 1);
      tokens = build.checkpoint(i, output, tokens);
    }
    const [batch = 0] = images.shape;
    return build.norm('norm', g.reshape(tokens, [batch, a.width]));
  },
};

/**
 * Maps (batch, 3, S, S) to (batch, tokens, width): class token, registers, patches in row-major
 * order.
 */
function embed(images: Tensor, a: VitArchitecture, { param }: Build): Tensor {
  const { width: d, patchSize: p } = a;
  const [batch = 0] = images.shape;
  const side = a.imageSize / p;
  const inner = 3 * p * p;
  const boxes = g.reshape(images, [batch, 3, side, p, side, p]);
  const rows = g.reshape(g.transpose(boxes, [0, 2, 4, 1, 3, 5]), [
    times(batch, side * side),
    inner,
  ]);
  const kernel = g.reshape(param('patch_embed.proj.weight'), [d, inner]);
  const embedded = g.add(
    g.matmul(rows, kernel, { transposeB: true }),
    param('patch_embed.proj.bias'),
  );
  const patches = g.reshape(embedded, [batch, side * side, d]);
  const before = [g.broadcastTo(param('cls_token'), [batch, 1, d])];
  if (a.registers !== undefined)
    before.push(g.broadcastTo(param('reg_token'), [batch, a.registers, d]));
  const positions = param('pos_embed');
  return a.patchPositions
    ? g.concat([...before, g.add(patches, positions)], 1)
    : g.add(g.concat([...before, patches], 1), positions);
}

/**
 * Maps (batch, tokens, width) to the same shape, or to (batch, 1, width) for the class token only.
 */
function block(
  x: Tensor,
  index: number,
  a: VitArchitecture,
  build: Build,
  classTokenOnly: boolean,
): Tensor {
  const name = `blocks.${String(index)}`;
  const [batch = 0, count = 0] = x.shape;
  const d = a.width;
  const kept = classTokenOnly ? 1 : count;
  const residual = (rows: Tensor, branch: number): Tensor => {
    const y = g.reshape(rows, [batch, kept, d]);
    const scaled = a.layerScale
      ? g.mul(y, build.param(`${name}.ls${String(branch + 1)}.gamma`))
      : y;
    return build.branch({ block: index, branch }, scaled);
  };
  const attended = attention(x, name, a, build, kept);
  const own = g.slice(x, [0, 0, 0], [batch, kept, d]);
  const middle = g.add(own, residual(attended, 0));
  const normed = g.reshape(build.norm(`${name}.norm2`, middle), [times(batch, kept), d]);
  const hidden = build.linear(`${name}.mlp.fc1`, normed, middle);
  const activated = g.remat(g.gelu(hidden), hidden);
  return g.add(middle, residual(build.linear(`${name}.mlp.fc2`, activated), 1));
}

/**
 * Multi-head self-attention with the first `queries` tokens as queries and all tokens as keys,
 * including the norm before it; x (batch, tokens, width) → (batch · queries, width).
 */
function attention(
  x: Tensor,
  name: string,
  a: VitArchitecture,
  build: Build,
  queries: Dim,
): Tensor {
  const { width: d, heads } = a;
  const [batch = 0, count = 0] = x.shape;
  const perHead = d / heads;
  const normed = g.reshape(build.norm(`${name}.norm1`, x), [times(batch, count), d]);
  const projected = build.linear(`${name}.attn.qkv`, normed, x);
  const qkv = g.reshape(projected, [batch, count, 3, heads, perHead]);
  const mixed = sameDim(queries, count)
    ? g.packedAttention(qkv)
    : attend(g, unpack(g, qkv, queries));
  return build.linear(`${name}.attn.proj`, g.reshape(mixed, [times(batch, queries), d]));
}
