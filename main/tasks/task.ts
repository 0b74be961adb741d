import type { Evaluation } from '../../shared/domain/metrics.ts';
import type { TaskSpec } from '../../shared/tasks/task.ts';
import type { Tensor } from '../graph/tensor.ts';

/** The mixed target of a row: λ · first + (1 − λ) · second; without mixup, both are the same. */
export interface MixedTarget<Target> {
  readonly first: Target;
  readonly second: Target;
  readonly lambda: number;
}

/** Accumulates an evaluation image by image. */
export interface EvaluationMetrics<Target> {
  /** @param outputs head outputs of one image */
  add(outputs: Float32Array, target: Target): void;
  result(): Evaluation;
}

/**
 * The computations of a task. `batchTargets` uses `encode`, `classWeights` and `weight` to apply
 * mixup and class weights.
 */
export interface Task<Target = unknown> {
  readonly spec: TaskSpec<Target>;
  /**
   * Returns Σᵢ weightᵢ · lossᵢ for outputs and targets (batch, outputs) and weights (batch). The
   * weights include the mean: class weight ÷ sum of the weights of all images in the update, 0 for
   * padding rows.
   */
  readonly loss: (outputs: Tensor, targets: Tensor, weights: Tensor) => Tensor;
  /** Outputs (batch, outputs) → the probability of each class, as the spec computes it. */
  readonly probabilities: (outputs: Tensor) => Tensor;
  /** Writes the training target of one image into `row` (outputs), which is zeroed. */
  encode(row: Float32Array, target: MixedTarget<Target>, labelSmoothing: number): void;
  /**
   * Returns the weight of each class in the loss: inverse frequency raised to `power`, scaled so
   * that the mean over the images is 1; 0 for a class without images.
   */
  classWeights(targets: readonly Target[], classes: number, power: number): Float64Array;
  /** Returns the weight of an image. */
  weight(target: Target, classWeights: Float64Array): number;
  /**
   * Whether the most likely class is (one of) the image's own, as predicted before the step's
   * update.
   */
  isHit(outputs: Float32Array, target: Target): boolean;
  evaluation(classes: readonly string[]): EvaluationMetrics<Target>;
}
