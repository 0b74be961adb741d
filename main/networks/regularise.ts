import { staticDim, times } from '../graph/dim.ts';
import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Build } from './build.ts';

/**
 * Applies stochastic depth (arXiv 1603.09382).
 * @param mask (2 · blocks, batch): 0 for a dropped branch, 1 / (1 − p) for a kept one
 */
export function withDropPath(build: Build, mask: Tensor): Build {
  return {
    ...build,
    branch: (site, given, x) => {
      const y = build.branch(site, given, x);
      const [batch = 0] = y.shape;
      const keep = g.slice(mask, [2 * site.block + site.branch, 0], [1, batch]);
      return g.mul(y, g.reshape(keep, [batch, 1, 1]));
    },
  };
}

/**
 * Passes only the selected patches to the first block (PatchDropout, arXiv 2208.07220); prefix
 * tokens are always kept. The blocks do not depend on the order of the patches.
 * @param selection (batch, kept, patches), one-hot rows
 */
export function withPatchSelection(build: Build, selection: Tensor): Build {
  return {
    ...build,
    tokens: (site, given) => {
      const x = site.block === 0 ? selected(given, site.prefix, selection) : given;
      return build.tokens(site, x);
    },
    positions: (table) => selectedRows(build.positions(table), selection),
  };
}

/** The rows (batch, kept, columns) of a table with a row for each patch. */
function selectedRows(table: Tensor, selection: Tensor): Tensor {
  const [batch = 0, kept = 0, patches = 0] = selection.shape;
  const rows = g.matmul(g.reshape(selection, [times(batch, kept), patches]), table);
  return g.reshape(rows, [batch, kept, table.shape[1] ?? 0]);
}

function selected(tokens: Tensor, prefix: number, selection: Tensor): Tensor {
  const [batch = 0, count = 0, width = 0] = tokens.shape;
  const patches = g.slice(tokens, [0, prefix, 0], [batch, staticDim(count) - prefix, width]);
  const kept = g.matmul(selection, patches);
  if (prefix === 0) return kept;
  return g.concat([g.slice(tokens, [0, 0, 0], [batch, prefix, width]), kept], 1);
}

/**
 * Checkpoints the first `blocks` blocks: the backward pass recomputes them instead of keeping their
 * activations.
 */
export function withCheckpoints(build: Build, blocks: number): Build {
  return {
    ...build,
    checkpoint: (block, given, x) => {
      const y = build.checkpoint(block, given, x);
      return block < blocks ? g.remat(y, x) : y;
    },
  };
}
