import type { TrainingConfig } from '../../../shared/domain/training.ts';
import type { ImageBatch } from '../data/batch-source.ts';

/** Class weights: inverse frequency to the given power, scaled so that the mean over the training images is 1. */
export function classWeights(
  labels: readonly number[],
  classes: number,
  power: number,
): Float64Array {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]! += 1;
  const raw = counts.map((n) => (n === 0 ? 0 : (labels.length / (classes * n)) ** power));
  const mean = labels.reduce((sum, label) => sum + (raw[label] ?? 0), 0) / labels.length;
  return raw.map((w) => w / mean);
}

export interface Targets {
  /** (batch, classes): smoothed, mixed one-hot rows. */
  readonly targets: Float32Array;
  /** (batch): class weight of each row, 0 on padding; not yet divided by their sum. */
  readonly weights: Float32Array;
  readonly total: number;
}

/** What a batch is trained towards. `labels` are those of the loader's images. */
export function batchTargets(
  batch: ImageBatch,
  labels: readonly number[],
  perClass: Float64Array,
  config: Pick<TrainingConfig, 'labelSmoothing'>,
): Targets {
  const rows = batch.indices.length;
  const classes = perClass.length;
  const targets = new Float32Array(rows * classes);
  const weights = new Float32Array(rows);
  const labelOf = (row: number): number => labels[batch.indices[row] ?? -1] ?? -1;
  const smooth = config.labelSmoothing;
  for (let row = 0; row < rows; row++) {
    const label = labelOf(row);
    if (label < 0) continue;
    const partnerLabel = labelOf(batch.partners[row] ?? row);
    // A partner that could not be read left its pixels out of the mix: the row is its own.
    const partner = partnerLabel < 0 ? label : partnerLabel;
    const { lambda } = batch;
    const row0 = row * classes;
    targets.fill(smooth / classes, row0, row0 + classes);
    targets[row0 + label]! += (1 - smooth) * lambda;
    targets[row0 + partner]! += (1 - smooth) * (1 - lambda);
    weights[row] = lambda * (perClass[label] ?? 0) + (1 - lambda) * (perClass[partner] ?? 0);
  }
  return { targets, weights, total: weights.reduce((a, b) => a + b, 0) };
}
