import type * as v from 'valibot';
import type { LinearSpec, TensorSpec, TokenLayout } from './spec.ts';

/** What the architectures of all families have. */
export interface CommonArchitecture {
  readonly family: string;
  /** Input height and width in pixels. */
  readonly imageSize: number;
  /** Outputs of the head stored with the backbone; 0 when there is none. */
  readonly classes: number;
  readonly layerNormEpsilon: number;
}

/** Fields of an architecture that people are told of one by one, beside the sizes of images and patches. */
export type FactName<A> = Exclude<Extract<keyof A, string>, keyof CommonArchitecture | 'patchSize'>;

/** One number or property of a network, for people. `name` is the key of its words in the window's locales. */
export interface ArchitectureFact<A> {
  readonly name: FactName<A>;
  /** In English, for the command line and cards. */
  readonly label: string;
  readonly value: number | boolean;
}

/** A family of backbones as data: what engine, host, formats and window know of it. Its computation is in `main/networks`. */
export interface FamilySpec<A extends CommonArchitecture> {
  readonly family: A['family'];
  /** In English, in the singular: "vision transformer". */
  readonly title: string;
  /** The fields of an architecture with their limits. Fields that came later are optional, so that older files stay valid. */
  readonly fields: v.ObjectEntries;
  /** Names that fields had in files and libraries of earlier versions, with their names now. */
  readonly formerNames?: Readonly<Record<string, string>>;
  /** What is wrong with an architecture whose fields are within their limits, as a sentence; null when nothing is. */
  readonly contradiction: (a: A) => string | null;
  /** Every tensor under its canonical name (timm's). @param classes outputs of the head; 0 leaves the head out */
  readonly tensors: (a: A, classes: number) => readonly TensorSpec[];
  /** What adapters may be attached to, in the order of the network. */
  readonly linears: (a: A) => readonly LinearSpec[];
  /** Units of drop path and of checkpointing. */
  readonly blocks: (a: A) => number;
  readonly tokens: (a: A) => TokenLayout;
  /** Features that the head is given. */
  readonly width: (a: A) => number;
  /** Image sides must be multiples of it, in pixels. */
  readonly sizeStep: (a: A) => number;
  /** What there is to say of it beside its title, the size of its images and of their patches. */
  readonly facts: (a: A) => readonly ArchitectureFact<A>[];
}
