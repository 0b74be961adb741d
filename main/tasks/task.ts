import type { Evaluation } from '../../shared/domain/metrics.ts';
import type { TaskSpec } from '../../shared/tasks/task.ts';
import type { Tensor } from '../graph/tensor.ts';

/** The targets that a row of a batch is mixed of: λ · first + (1 − λ) · second; the same one twice without mixup. */
export interface MixedTarget<Target> {
  readonly first: Target;
  readonly second: Target;
  readonly lambda: number;
}

/** Adds up an evaluation image by image. */
export interface EvaluationMetrics<Target> {
  /** @param outputs of the head for one image */
  add(outputs: Float32Array, target: Target): void;
  result(): Evaluation;
}

/**
 * The computations of a task. Batches are mixed by mixup and weighted by class: `batchTargets` does both with `encode`
 * and `classWeights`.
 */
export interface Task<Target = unknown> {
  readonly spec: TaskSpec<Target>;
  /**
   * Σᵢ weightᵢ · lossᵢ for outputs and targets (batch, outputs) and weights (batch). The weights carry the mean: class
   * weight ÷ their sum over the images of one update, 0 on padding rows.
   */
  readonly loss: (outputs: Tensor, targets: Tensor, weights: Tensor) => Tensor;
  /** Writes what one image is trained towards into `row` (outputs), which is 0. */
  encode(row: Float32Array, target: MixedTarget<Target>, labelSmoothing: number): void;
  /**
   * Weight of each class in the loss: inverse frequency to the power, scaled so that the mean over the images is 1;
   * 0 for a class without images.
   */
  classWeights(targets: readonly Target[], classes: number, power: number): Float64Array;
  /** Weight of an image. */
  weight(target: Target, classWeights: Float64Array): number;
  /** Whether the likeliest class of one image is (one of) its own; before a training step's update. */
  isHit(outputs: Float32Array, target: Target): boolean;
  evaluation(classes: readonly string[]): EvaluationMetrics<Target>;
}
