import type { Architecture } from '../../../shared/models/registry.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import type { MethodNoise } from '../../tuning/tuner.ts';
import type { StaticShape, Tensor } from '../../graph/tensor.ts';
import type { Weights } from '../../networks/build.ts';

/** A network with its head: what stays as it is, what is trained, and the logits that both make. */
export interface Model {
  readonly architecture: Architecture;
  /** Outputs of the head. */
  readonly classes: number;
  /** Shapes of the tensors that are not trained, by canonical name. */
  readonly frozen: ReadonlyMap<string, StaticShape>;
  /** The trained tensors in the order in which they are packed, under the names that they are stored under. */
  readonly trainedTensors: readonly TensorSpec[];
  /** Their shapes by name. */
  readonly trained: ReadonlyMap<string, StaticShape>;
  /** Of one row of what `logits` takes: a normalised image (3, S, S), or features (width). */
  readonly input: StaticShape;
  /** Whether there is anything to train before the head: drop path, and recomputing, are for that. */
  readonly trainsBlocks: boolean;
  /** Random numbers that the method wants in every training step of so many images. */
  readonly noise: (batch: number) => readonly MethodNoise[];
  /** (batch, …input) → logits (batch, classes). `noise`, which may be empty: to be trained. */
  logits(images: Tensor, weights: Weights, noise?: TrainingNoise): Tensor;
  /**
   * Of a model whose adapter is merged before use: what tensors of the backbone become, by name, before `logits` may be asked for.
   * It then costs what the backbone costs.
   */
  readonly merged?: (weights: Weights) => ReadonlyMap<string, Tensor>;
}

/** Inputs of random numbers by name, for one training step: `dropPath`, `patchDrop`, and what the method calls its own. */
export type TrainingNoise = ReadonlyMap<string, Tensor>;

export function shapesOf(tensors: readonly TensorSpec[]): Map<string, StaticShape> {
  return new Map(tensors.map(({ name, shape }) => [name, shape]));
}

/** Of one normalised image. */
export function imageShape({ imageSize }: Architecture): StaticShape {
  return [3, imageSize, imageSize];
}
