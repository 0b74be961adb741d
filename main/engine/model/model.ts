import type { Architecture } from '../../../shared/models/registry.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import type { MethodNoise } from '../../tuning/tuner.ts';
import type { StaticShape, Tensor } from '../../graph/tensor.ts';
import type { Weights } from '../../networks/build.ts';

/** A network with its head: frozen tensors, trained tensors, and the logits. */
export interface Model {
  readonly architecture: Architecture;
  /** Outputs of the head. */
  readonly classes: number;
  /** Shapes of the frozen tensors by canonical name. */
  readonly frozen: ReadonlyMap<string, StaticShape>;
  /** The trained tensors in packing order, under their stored names. */
  readonly trainedTensors: readonly TensorSpec[];
  /** Their shapes by name. */
  readonly trained: ReadonlyMap<string, StaticShape>;
  /** Shape of one input row of `logits`: a normalised image (3, S, S), or features (width). */
  readonly input: StaticShape;
  /** Whether anything before the head is trained: only then drop path and checkpointing apply. */
  readonly trainsBlocks: boolean;
  /** Random inputs of the method for a training step of `batch` images. */
  readonly noise: (batch: number) => readonly MethodNoise[];
  /** (batch, …input) → logits (batch, classes). `noise`, which may be empty: to be trained. */
  logits(images: Tensor, weights: Weights, noise?: TrainingNoise): Tensor;
  /**
   * For a model that is merged before use: the merged values of the backbone's tensors by name, to
   * be assigned before `logits` is called. Inference then costs as much as the backbone's.
   */
  readonly merged?: (weights: Weights) => ReadonlyMap<string, Tensor>;
}

/** Random inputs of one training step by name: `dropPath`, `patchDrop`, and those of the method. */
export type TrainingNoise = ReadonlyMap<string, Tensor>;

export function shapesOf(tensors: readonly TensorSpec[]): Map<string, StaticShape> {
  return new Map(tensors.map(({ name, shape }) => [name, shape]));
}

/** Shape of one normalised image. */
export function imageShape({ imageSize }: Architecture): StaticShape {
  return [3, imageSize, imageSize];
}
