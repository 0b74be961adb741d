import type { FieldGroup } from '../fields/group.ts';
import type { ModelSpec, TensorSpec } from '../models/spec.ts';

/**
 * What a method trains beside the head: nothing; some tensors, kept apart from the backbone, which it needs; or the whole
 * model, which it replaces.
 */
export type Scope = 'head' | 'adapter' | 'model';

/** Random numbers that each training step is given. They are a function of the run's seed, the epoch and the batch. */
export interface NoiseSpec<O> {
  /** Of the step's input, and of the stream that its values are drawn from. */
  readonly name: string;
  /** null when these options need none. */
  readonly shape: (model: ModelSpec, options: O, batch: number) => readonly number[] | null;
  /** @param uniform the next number of the stream, from 0 to below 1 */
  readonly draw: (uniform: () => number, options: O) => number;
}

/** A method as data: what it can be told, and what it trains on a model. Its computation is in `main/tuning`. */
export interface MethodSpec<N extends string = string, O = unknown> {
  readonly name: N;
  /** As the command line, files and cards call it. */
  readonly title: string;
  readonly scope: Scope;
  readonly options: FieldGroup<O>;
  /** Tensors that the method adds to the model, in the order in which they are packed; the head is not among them. */
  readonly added: (model: ModelSpec, options: O) => readonly TensorSpec[];
  /** Whether a tensor of the backbone is trained itself. */
  readonly trainsInPlace: (tensor: TensorSpec) => boolean;
  readonly noise: readonly NoiseSpec<O>[];
}
