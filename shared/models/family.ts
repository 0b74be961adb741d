import type * as v from 'valibot';
import type { LinearSpec, TensorSpec, TokenLayout } from './spec.ts';

/** Common fields of all architectures. */
export interface CommonArchitecture {
  readonly family: string;
  /** Input height and width in pixels. */
  readonly imageSize: number;
  /** Outputs of the head stored with the backbone; 0 without one. */
  readonly classes: number;
  readonly layerNormEpsilon: number;
}

/** What an architecture's fields are called, in English, for the command line and cards. */
const LABELS = {
  imageSize: 'image size',
  width: 'width',
  depth: 'blocks',
  heads: 'heads',
  mlpDim: 'MLP width',
  qkvBias: 'bias in q, k, v',
  layerScale: 'LayerScale',
  classToken: 'class token',
  distillationToken: 'distillation token',
  registers: 'register tokens',
  positions: 'position embeddings',
  patchPositions: 'positions of patches only',
  rope: 'rotary positions (RoPE)',
  ropeTheta: 'RoPE base (theta)',
  ropeReference: 'RoPE reference grid',
  preNorm: 'norm before the first block',
  patchBias: 'bias in the patch embedding',
  qkNorm: 'norms of q and k',
  attentionNorm: 'norm inside the attention',
  mlp: 'MLP',
  mlpNorm: 'norm inside the MLP',
  activation: 'activation',
  pool: 'pooling',
  poolHeads: 'heads of the attention pool',
  poolMlpDim: 'MLP width of the attention pool',
  poolPrefix: 'the pool sees the tokens before the patches',
  pooledNorm: 'last norm after the pool',
  lastNorm: 'last norm',
  layerNormEpsilon: 'epsilon of LayerNorm',
  firstWidth: 'width of the first stage',
  depths: 'blocks of each stage',
  window: 'attention window',
  mlpRatio: "MLP width over the stage's width",
} as const;
/** A field that is displayed individually, by its key in the window's locales. */
export type FactName = keyof typeof LABELS;

/** What the fields with a choice hold, in English. */
const CHOICES = {
  none: 'none',
  dinov3: 'as in DINOv3',
  eva: 'as in EVA-02',
  pe: 'as in the Perception Encoder',
  'packed-glu': 'gated, in one layer',
  'split-glu': 'gated, in two layers',
  gelu: 'GELU',
  'gelu-tanh': 'GELU by tanh',
  'quick-gelu': 'QuickGELU',
  silu: 'SiLU',
  class: 'class token',
  mean: 'mean of the patches',
  attention: 'attention pool',
  'class-and-distillation': 'class and distillation token',
  'class-and-mean': 'class token and mean of the patches',
} as const;
/** A chosen one of them, by its key in the window's locales. */
export type FactChoice = keyof typeof CHOICES;
export type FactValue = number | boolean | readonly number[] | FactChoice;

/** One property of a network for display. */
export interface ArchitectureFact {
  readonly name: FactName;
  /** A list has one number a stage. */
  readonly value: FactValue;
}

export function factLabel(name: FactName): string {
  return LABELS[name];
}

export function isFactChoice(word: string): word is FactChoice {
  return Object.hasOwn(CHOICES, word);
}

/** In English, for the command line and cards. @param value a word that is no choice stays as it is */
export function factInWords(value: string | number | boolean | readonly number[]): string {
  if (typeof value === 'object') return value.join(', ');
  if (typeof value === 'string') return isFactChoice(value) ? CHOICES[value] : value;
  return typeof value === 'number' ? String(value) : value ? 'yes' : 'no';
}

/**
 * A family of backbones as data, for engine, host, formats and window. Its computation is in
 * `main/networks`.
 */
export interface FamilySpec<A extends CommonArchitecture> {
  readonly family: A['family'];
  /** In English, in the singular: "vision transformer". */
  readonly title: string;
  /**
   * The fields of an architecture with their limits. Later additions are optional, so that older
   * files stay valid.
   */
  readonly fields: v.ObjectEntries;
  /**
   * Former names of fields in files and libraries of earlier versions, with their present names.
   */
  readonly formerNames?: Readonly<Record<string, string>>;
  /** Why fields within their limits contradict each other, as a phrase; null if they do not. */
  readonly contradiction: (a: A) => string | null;
  /** Every tensor under its canonical name (timm's). @param classes outputs of the head; 0 leaves the head out */
  readonly tensors: (a: A, classes: number) => readonly TensorSpec[];
  /** Linear layers for adapters, in the order of the network. */
  readonly linears: (a: A) => readonly LinearSpec[];
  /** Units of drop path and of checkpointing. */
  readonly blocks: (a: A) => number;
  /** Those that the first block is given. */
  readonly tokens: (a: A) => TokenLayout;
  /** Most rows for an image that a linear layer of a block is given. */
  readonly rows: (a: A) => number;
  /** Whether the blocks can do with any of the patches, in any order. */
  readonly takesAnyPatches: boolean;
  /** Number of features for the head. */
  readonly width: (a: A) => number;
  /** Side of a patch in pixels. */
  readonly patch: (a: A) => number;
  /** Image sides must be multiples of this, in pixels, … */
  readonly sizeStep: (a: A) => number;
  /** … and not below this. */
  readonly leastSize: (a: A) => number;
  /** Properties for display beside title, image size and patch size. */
  readonly facts: (a: A) => readonly ArchitectureFact[];
}
