import type { FieldValue } from '../fields/field.ts';
import type { FieldGroup } from '../fields/group.ts';
import type { Architecture } from '../models/registry.ts';
import type { ModelSpec, TensorSpec } from '../models/spec.ts';

/**
 * What a method trains beside the head: nothing (`head`); tensors stored separately from the
 * backbone (`adapter`); or the whole model, replacing it (`model`).
 */
export type Scope = 'head' | 'adapter' | 'model';

/** A random input of each training step, a function of the run's seed, the epoch and the batch. */
export interface NoiseSpec<O> {
  /** Name of the step's input and of its random stream. */
  readonly name: string;
  /** null when these options need none. */
  readonly shape: (model: ModelSpec, options: O, batch: number) => readonly number[] | null;
  /** @param uniform the next number of the stream, from 0 to below 1 */
  readonly draw: (uniform: () => number, options: O) => number;
}

/** A named starting point of a method: some of its options, and some settings of the run. */
export interface MethodPreset<O> {
  readonly options: Partial<O>;
  /** By the names in `shared/training/fields.ts`, those of groups nested. */
  readonly settings: Readonly<Record<string, FieldValue | Readonly<Record<string, FieldValue>>>>;
}

/**
 * A method as data: its options, and what it trains on a model. Its computation is in
 * `main/tuning`.
 */
export interface MethodSpec<N extends string = string, O = unknown, P extends string = never> {
  readonly name: N;
  /** Its name on the command line, in files and on cards. */
  readonly title: string;
  /** Its number on arXiv; null for what no paper introduced. */
  readonly paper: string | null;
  readonly scope: Scope;
  /** Whether what it adds can be merged into the backbone's own tensors. */
  readonly merges: boolean;
  /** The families that it is defined on; null for all. */
  readonly families: readonly Architecture['family'][] | null;
  readonly options: FieldGroup<O>;
  /** Tensors that the method adds to the model, in packing order, without the head. */
  readonly added: (model: ModelSpec, options: O) => readonly TensorSpec[];
  /** Whether a tensor of the backbone is trained itself. */
  readonly trainsInPlace: (tensor: TensorSpec) => boolean;
  readonly noise: readonly NoiseSpec<O>[];
  readonly presets: Readonly<Record<P, MethodPreset<O>>>;
}

/** Whether a method can be trained on this architecture. */
export function isDefinedOn(
  { families }: Pick<MethodSpec, 'families'>,
  { family }: Pick<Architecture, 'family'>,
): boolean {
  return families?.includes(family) ?? true;
}
