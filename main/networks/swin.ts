import { stagesOf, type Stage, type SwinArchitecture } from '../../shared/models/swin.ts';
import { times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';
import { embedPatches } from './embed.ts';
import { mlp } from './mlp.ts';
import type { Network } from './network.ts';
import { windowAttention } from './window-attention.ts';

/**
 * The Swin transformer, version 1 (arXiv 2103.14030), with timm's structure and names. The features
 * are the mean of the last stage's patches after the norm.
 */
export const swin: Network<SwinArchitecture> = {
  features(images, a, build) {
    const patches = embedPatches(images, a, build);
    let tokens = build.norm('patch_embed.norm', patches);
    let first = 0;
    for (const stage of stagesOf(a)) {
      if (stage.index > 0) tokens = merge(tokens, stage, build);
      for (let i = 0; i < stage.depth; i++) {
        const index = first + i;
        tokens = build.tokens({ block: index, prefix: 0 }, tokens);
        const output = block(tokens, { a, stage, index, inStage: i }, build);
        tokens = build.checkpoint(index, output, tokens);
      }
      first += stage.depth;
    }
    return g.mean(build.norm('norm', tokens), [1]);
  },
};

/**
 * Joins 2 × 2 patches into one and halves their channels: (batch, patches, width) → (batch, patches
 * / 4, 2 · width), where the stage has the width and side after it.
 */
function merge(x: Tensor, { path, side, width }: Stage, build: Build): Tensor {
  const [batch = 0] = x.shape;
  const before = width / 2;
  const boxes = g.reshape(x, [batch, side, 2, side, 2, before]);
  // timm's order of the four: down the columns.
  const joined = g.reshape(g.transpose(boxes, [0, 1, 3, 4, 2, 5]), [
    times(batch, side * side),
    4 * before,
  ]);
  const normed = build.norm(`${path}.downsample.norm`, joined);
  const reduced = build.linear(`${path}.downsample.reduction`, normed);
  return g.reshape(reduced, [batch, side * side, width]);
}

interface Block {
  readonly a: SwinArchitecture;
  readonly stage: Stage;
  /** In the network, and in its stage. */
  readonly index: number;
  readonly inStage: number;
}

/** (batch, patches, width) → (batch, patches, width). */
function block(x: Tensor, { a, stage, index, inStage }: Block, build: Build): Tensor {
  const path = `${stage.path}.blocks.${String(inStage)}`;
  const [batch = 0, count = 0] = x.shape;
  const shift = inStage % 2 === 1 ? stage.shift : 0;
  const windows = { ...stage, window: a.window, shift };
  const attended = windowAttention(x, path, windows, build);
  const middle = g.add(x, build.branch({ block: index, branch: 0 }, attended, x));
  const normed = g.reshape(build.norm(`${path}.norm2`, middle), [times(batch, count), stage.width]);
  const given = mlp(`${path}.mlp`, normed, { mlpDim: stage.mlpDim }, build, middle);
  const y = g.reshape(given, [batch, count, stage.width]);
  return g.add(middle, build.branch({ block: index, branch: 1 }, y, middle));
}
