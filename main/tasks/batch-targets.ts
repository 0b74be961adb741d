import type { Task } from './task.ts';

/** Which images the rows of a batch come from, and how they are mixed. */
export interface BatchRows {
  /** (batch) image index of each row; negative for padding. */
  readonly indices: Int32Array;
  /** (batch) the row that each row was mixed with; its own index if unmixed. */
  readonly partners: Int32Array;
  /** Share of the row itself in the mix. */
  readonly lambda: number;
}

export interface BatchTargets {
  /** (batch, outputs). */
  readonly targets: Float32Array;
  /** (batch) weight of each row, 0 for padding; not yet divided by their sum. */
  readonly weights: Float32Array;
  readonly total: number;
}

export interface TargetSet<Target> {
  readonly task: Pick<Task<Target>, 'encode' | 'weight'>;
  /** Targets of all images, by the index that batches use. */
  readonly targets: readonly Target[];
  /** Number of outputs of the head. */
  readonly outputs: number;
  readonly classWeights: Float64Array;
  readonly labelSmoothing: number;
}

/** Returns the training targets and weights of a batch. */
export function batchTargets<Target>(
  batch: BatchRows,
  { task, targets: all, outputs, classWeights, labelSmoothing }: TargetSet<Target>,
): BatchTargets {
  const rows = batch.indices.length;
  const { lambda } = batch;
  const targets = new Float32Array(rows * outputs);
  const weights = new Float32Array(rows);
  const imageOf = (row: number): number => batch.indices[row] ?? -1;
  for (let row = 0; row < rows; row++) {
    const own = imageOf(row);
    if (own < 0) continue;
    const partner = imageOf(batch.partners[row] ?? row);
    const first = all[own]!;
    // An unreadable partner is not mixed into the pixels, so the row keeps its own target.
    const second = partner < 0 ? first : all[partner]!;
    const values = targets.subarray(row * outputs, (row + 1) * outputs);
    task.encode(values, { first, second, lambda }, labelSmoothing);
    weights[row] =
      lambda * task.weight(first, classWeights) + (1 - lambda) * task.weight(second, classWeights);
  }
  return { targets, weights, total: weights.reduce((a, b) => a + b, 0) };
}
