import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';

/** Returns a tensor by its canonical name (timm's: `blocks.0.norm1.weight`). */
export type Weights = (name: string) => Tensor;

/** A point where a build can change a network's tokens: before block `block`, from 0. */
export interface TokenSite {
  readonly block: number;
  /** Number of tokens before the patches: class token and registers. */
  readonly prefix: number;
}

/** The output of a residual branch before it is added: `branch` 0 is attention, 1 is the MLP. */
export interface BranchSite {
  readonly block: number;
  readonly branch: number;
}

/**
 * The functions that a network is built from, and the only seam between networks and methods: a
 * method, dropout or checkpointing wraps some of these functions.
 */
export interface Build {
  readonly param: (name: string) => Tensor;
  /**
   * y = x Wᵀ + bias of the Linear at `path`; x (rows, in) → (rows, out). If x is cheap to compute
   * from `source`, a backward pass that reads x may recompute it from there instead of keeping it.
   */
  readonly linear: (path: string, x: Tensor, source?: Tensor) => Tensor;
  /** Layer norm over the last axis. */
  readonly norm: (path: string, x: Tensor) => Tensor;
  /** Tokens that `tokens` puts behind the prefix, in every block; features are not read from them. */
  readonly prompts: number;
  /** Maps tokens (batch, tokens, width); may change their number, but keeps the prefix in front. */
  readonly tokens: (site: TokenSite, x: Tensor) => Tensor;
  /**
   * Maps a table with a row for each patch, (patches, columns), as `tokens` maps the patches of the
   * first block: to itself, or to (batch, kept, columns).
   */
  readonly positions: (table: Tensor) => Tensor;
  /**
   * Maps a branch's output y (batch, tokens, width) before it is added to the residual stream x of
   * the same shape.
   */
  readonly branch: (site: BranchSite, y: Tensor, x: Tensor) => Tensor;
  /** Maps the output `y` of a block, which is computed from `x` and weights only. */
  readonly checkpoint: (block: number, y: Tensor, x: Tensor) => Tensor;
}

export interface PlainBuildOptions {
  /** Whether the Linear at `path` has a bias. */
  readonly hasBias: (path: string) => boolean;
  readonly layerNormEpsilon: number;
}

/** Builds the network from its stored weights, without modifications. */
export function plainBuild(
  param: Weights,
  { hasBias, layerNormEpsilon }: PlainBuildOptions,
): Build {
  return {
    param,
    linear: (path, x) => {
      const y = g.matmul(x, param(`${path}.weight`), { transposeB: true });
      return hasBias(path) ? g.add(y, param(`${path}.bias`)) : y;
    },
    norm: (path, x) =>
      g.layerNorm(x, param(`${path}.weight`), param(`${path}.bias`), layerNormEpsilon),
    prompts: 0,
    tokens: (_site, x) => x,
    positions: (table) => table,
    branch: (_site, y) => y,
    checkpoint: (_block, y) => y,
  };
}
