import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { Verification } from '../../../shared/domain/metrics.ts';
import type { TaskSpec } from '../../../shared/tasks/task.ts';
import type { Bound, ReadBack } from '../../exports/exporter.ts';
import type { Session } from '../../backends/session.ts';
import type { ImageLoader } from '../data/loader.ts';

export const VERIFICATION_BATCH = 16;

/** Where a model is compared with what was written of it. */
export interface Comparison {
  readonly task: TaskSpec;
  /** Outputs of the head. */
  readonly outputs: number;
  readonly bound: Bound;
  /** The images that the loader gives, with their labels. */
  readonly images: readonly Pick<ManifestImage, 'labels'>[];
  /** What the adapted model gives for an image, as `bound` compares it. */
  readonly onImage?: (index: number, ours: Float32Array | Float64Array) => void;
  readonly onBatch: (done: number) => Promise<void>;
}

/** Runs an adapted model, by its function `evaluate`, and a written one over the same images. */
export async function compareModels(
  adapted: Session,
  written: Pick<ReadBack, 'run'>,
  loader: ImageLoader,
  { task, outputs, bound, images, onImage, onBatch }: Comparison,
): Promise<Verification> {
  const compared = (logits: Float32Array): Float32Array | Float64Array =>
    bound.of === 'logits' ? logits : task.probabilities(logits);
  const decided = (values: Float32Array | Float64Array): number[] =>
    task.decide(
      bound.of === 'logits'
        ? task.probabilities(Float32Array.from(values))
        : Float64Array.from(values),
    );
  let count = 0;
  let maxAbsDiff = 0;
  let largest = 1;
  let agreed = 0;
  const right = { adapted: 0, exported: 0 };
  for await (const batch of loader.epoch({ epoch: 0, shuffle: false })) {
    const { logits = new Float32Array() } = await adapted.run('evaluate', { images: batch.pixels });
    const answers = await written.run(batch.pixels, batch.indices.length);
    batch.indices.forEach((index, row) => {
      if (index < 0) return;
      const x = compared(logits.subarray(row * outputs, (row + 1) * outputs));
      const y = answers.subarray(row * x.length, (row + 1) * x.length);
      x.forEach((value, i) => {
        const difference = Math.abs(value - (y[i] ?? NaN));
        // NaN must not pass as "not larger".
        maxAbsDiff = Number.isNaN(difference) ? Infinity : Math.max(maxAbsDiff, difference);
        largest = Math.max(largest, Math.abs(value));
      });
      onImage?.(index, x);
      const [ours, theirs] = [decided(x), decided(y)];
      const truth = String(images[index]?.labels);
      count += 1;
      agreed += String(ours) === String(theirs) ? 1 : 0;
      right.adapted += String(ours) === truth ? 1 : 0;
      right.exported += String(theirs) === truth ? 1 : 0;
    });
    await onBatch(count);
  }
  const share = (n: number): number => (count === 0 ? 0 : n / count);
  return {
    images: count,
    maxAbsDiff,
    ...(bound.of === 'logits' ? {} : { of: bound.of }),
    tolerance: bound.tolerance(largest),
    top1Agreement: share(agreed),
    ...(bound.lossy === true
      ? { accuracy: { adapted: share(right.adapted), exported: share(right.exported) } }
      : {}),
  };
}
