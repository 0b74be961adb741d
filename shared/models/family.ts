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

/** Fields of an architecture that are displayed individually, beside image and patch size. */
export type FactName<A> = Exclude<Extract<keyof A, string>, keyof CommonArchitecture | 'patchSize'>;

/** One property of a network for display. `name` is its key in the window's locales. */
export interface ArchitectureFact<A> {
  readonly name: FactName<A>;
  /** In English, for the command line and cards. */
  readonly label: string;
  readonly value: number | boolean;
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
  readonly tokens: (a: A) => TokenLayout;
  /** Number of features for the head. */
  readonly width: (a: A) => number;
  /** Image sides must be multiples of this, in pixels. */
  readonly sizeStep: (a: A) => number;
  /** Properties for display beside title, image size and patch size. */
  readonly facts: (a: A) => readonly ArchitectureFact<A>[];
}
