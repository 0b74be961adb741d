import * as g from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';

/** Gives the tensor of a canonical name (timm's: `blocks.0.norm1.weight`). */
export type Weights = (name: string) => Tensor;

/** Where the tokens of a network are open to change: before the block `block`, from 0. */
export interface TokenSite {
  readonly block: number;
  /** Tokens before the patches: class token, registers. */
  readonly prefix: number;
}

/** The output of a residual branch, before it is added: `branch` 0 is the attention's, 1 the MLP's. */
export interface BranchSite {
  readonly block: number;
  readonly branch: number;
}

/**
 * What a network is built with, and the only seam between networks and methods: a method, dropout or checkpointing
 * replaces some of these functions by its own and calls those that were there before.
 */
export interface Build {
  readonly param: (name: string) => Tensor;
  /**
   * y = x Wᵀ + bias of the Linear of that path; x (rows, in) → (rows, out). Where x follows cheaply from `source`, a backward
   * pass that reads x may compute it again from there instead of keeping it.
   */
  readonly linear: (path: string, x: Tensor, source?: Tensor) => Tensor;
  /** Layer norm of the last axis. */
  readonly norm: (path: string, x: Tensor) => Tensor;
  /** (batch, tokens, width), of which there may be more or fewer afterwards; those of the prefix stay in front. */
  readonly tokens: (site: TokenSite, x: Tensor) => Tensor;
  /** (batch, tokens, width), before it is added to its residual stream. */
  readonly branch: (site: BranchSite, y: Tensor) => Tensor;
  /** `y` of that block, computed from nothing but `x` and weights. */
  readonly checkpoint: (block: number, y: Tensor, x: Tensor) => Tensor;
}

export interface PlainBuildOptions {
  /** Whether the Linear of that path has a bias. */
  readonly hasBias: (path: string) => boolean;
  readonly layerNormEpsilon: number;
}

/** The network with its stored weights and nothing besides. */
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
    tokens: (_site, x) => x,
    branch: (_site, y) => y,
    checkpoint: (_block, y) => y,
  };
}
