/**
 * The role of a tensor in a network: optimizers and methods treat tensors by role, never by name.
 */
export type TensorRole = 'matrix' | 'bias' | 'norm' | 'norm-bias' | 'scale' | 'embedding' | 'head';

/**
 * Initialisation of a tensor; random values are a function of the run's seed and the tensor's name.
 */
export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  /** Around `mean`, 0 unless given. */
  | { readonly kind: 'normal'; readonly deviation: number; readonly mean?: number }
  /** Redrawn beyond two standard deviations. */
  | { readonly kind: 'truncated-normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  /** The Euclidean norm of each row of a tensor of the backbone. */
  | { readonly kind: 'row-norms'; readonly of: string };

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: TensorRole;
  readonly init: Initialiser;
  /** For a linear layer's weight (out, in): number of equal matrices stacked along the rows. */
  readonly parts?: 1 | 3;
  /**
   * For position embeddings (1, prefix + side², width), which are resampled for other image sizes.
   */
  readonly grid?: { readonly prefix: number; readonly side: number };
}

/** The linear layers of a block that methods can change, in the order of the network. */
export const LINEAR_KINDS = ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'] as const;
export type LinearKind = (typeof LINEAR_KINDS)[number];

/** A linear layer y = x Wᵀ + bias that methods can change; `parts` is 3 for the fused q, k and v. */
export interface LinearSpec {
  /** Its tensors are `${path}.weight` (out, in) and, with a bias, `${path}.bias` (out). */
  readonly path: string;
  readonly kind: LinearKind;
  readonly in: number;
  readonly out: number;
  readonly parts: 1 | 3;
  readonly bias: boolean;
}

/** The tokens of an image: a prefix without patches, then the grid of patches. */
export interface TokenLayout {
  readonly prefix: number;
  readonly grid: readonly [rows: number, columns: number];
}

/** A network as methods see it. */
export interface ModelSpec {
  /** All but the head's. */
  readonly tensors: readonly TensorSpec[];
  /** In the order of the network. */
  readonly linears: readonly LinearSpec[];
  readonly blocks: number;
  /** Most rows for an image that a linear layer is given. */
  readonly tokens: number;
  /** Number of features for the head. */
  readonly width: number;
}

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Total number of elements of these tensors. */
export function totalSize(tensors: Iterable<Pick<TensorSpec, 'shape'>>): number {
  let sum = 0;
  for (const { shape } of tensors) sum += sizeOfShape(shape);
  return sum;
}
