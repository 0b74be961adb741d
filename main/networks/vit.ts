import { vit as spec, type VitArchitecture } from '../../shared/models/vit.ts';
import { staticDim, times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import { attention, type Attention } from './attention.ts';
import type { Build } from './build.ts';
import { embed } from './embed.ts';
import { mlp } from './mlp.ts';
import type { Network } from './network.ts';
import { featuresOf, tokensRead } from './pool.ts';
import { isRotated, rotationOf } from './rope.ts';

/**
 * The vision transformer (arXiv 2010.11929) with timm's structure and names: blocks with norms
 * before the branches and one fused qkv projection, and what the architecture has beside these.
 */
export const vit: Network<VitArchitecture> = {
  features(images, a, build) {
    const { prefix } = spec.tokens(a);
    const read = tokensRead(a);
    let tokens = embed(images, a, build);
    const rotation = isRotated(a) ? rotationOf(a, build) : null;
    const of: Attention = { a, build, prefix: prefix + build.prompts, rotation };
    for (let i = 0; i < a.depth; i++) {
      tokens = build.tokens({ block: i, prefix }, tokens);
      // After the last attention only the tokens that the features are read from matter, so only
      // their queries, projections and MLPs are computed.
      const output = block(tokens, i, of, i === a.depth - 1 ? read : null);
      tokens = build.checkpoint(i, output, tokens);
    }
    return featuresOf(read === null ? withoutPrompts(tokens, prefix, build) : tokens, a, build);
  },
};

function withoutPrompts(tokens: Tensor, prefix: number, { prompts }: Build): Tensor {
  if (prompts === 0) return tokens;
  const [batch = 0, count = 0, width = 0] = tokens.shape;
  const from = prefix + prompts;
  const patches = g.slice(tokens, [0, from, 0], [batch, staticDim(count) - from, width]);
  if (prefix === 0) return patches;
  return g.concat([g.slice(tokens, [0, 0, 0], [batch, prefix, width]), patches], 1);
}

/** Maps (batch, tokens, width) to the same shape, or to (batch, read, width) for the first tokens only. */
function block(x: Tensor, index: number, of: Attention, read: number | null): Tensor {
  const { a, build } = of;
  const name = `blocks.${String(index)}`;
  const [batch = 0, count = 0] = x.shape;
  const d = a.width;
  const kept = read ?? count;
  const residual = (rows: Tensor, branch: number, stream: Tensor): Tensor => {
    const y = g.reshape(rows, [batch, kept, d]);
    const scaled = a.layerScale
      ? g.mul(y, build.param(`${name}.ls${String(branch + 1)}.gamma`))
      : y;
    return build.branch({ block: index, branch }, scaled, stream);
  };
  const attended = attention(x, name, of, kept);
  const own = g.slice(x, [0, 0, 0], [batch, kept, d]);
  const middle = g.add(own, residual(attended, 0, own));
  const normed = g.reshape(build.norm(`${name}.norm2`, middle), [times(batch, kept), d]);
  return g.add(middle, residual(mlp(`${name}.mlp`, normed, a, build, middle), 1, middle));
}
