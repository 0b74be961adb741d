import { staticDim } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/** @param mask (2 · blocks, batch): 0 for a dropped branch, 1 / (1 − p) for a kept one (arXiv 1603.09382) */
export function withDropPath(build: Build, mask: Tensor): Build {
  return {
    ...build,
    branch: (site, given) => {
      const y = build.branch(site, given);
      const [batch = 0] = y.shape;
      const keep = g.slice(mask, [2 * site.block + site.branch, 0], [1, batch]);
      return g.mul(y, g.reshape(keep, [batch, 1, 1]));
    },
  };
}

/**
 * Only the patches that are selected enter the first block (PatchDropout, arXiv 2208.07220); the tokens of the prefix always
 * do. The order of the patches means nothing to the blocks.
 * @param selection (batch, kept, patches), rows one-hot
 */
export function withPatchSelection(build: Build, selection: Tensor): Build {
  return {
    ...build,
    tokens: (site, given) => {
      const x = site.block === 0 ? selected(given, site.prefix, selection) : given;
      return build.tokens(site, x);
    },
  };
}

function selected(tokens: Tensor, prefix: number, selection: Tensor): Tensor {
  const [batch = 0, count = 0, width = 0] = tokens.shape;
  const patches = g.slice(tokens, [0, prefix, 0], [batch, staticDim(count) - prefix, width]);
  const kept = g.matmul(selection, patches);
  if (prefix === 0) return kept;
  return g.concat([g.slice(tokens, [0, 0, 0], [batch, prefix, width]), kept], 1);
}

/** So many blocks, from the first, are computed again in the backward pass and keep nothing for it. */
export function withCheckpoints(build: Build, blocks: number): Build {
  return {
    ...build,
    checkpoint: (block, given, x) => {
      const y = build.checkpoint(block, given, x);
      return block < blocks ? g.remat(y, x) : y;
    },
  };
}
