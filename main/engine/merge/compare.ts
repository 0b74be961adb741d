import type { Verification } from '../../../shared/domain/metrics.ts';
import type { TaskSpec } from '../../../shared/tasks/task.ts';
import type { TensorDtype } from '../../formats/safetensors.ts';
import type { ImageLoader } from '../data/loader.ts';
import type { Session } from '../../backends/session.ts';

export const VERIFICATION_BATCH = 16;

/**
 * Tolerance between logits relative to the largest logit (at least 1): a hundred times the rounding
 * error in float32; for half types, the error of rounding the weights.
 */
const RELATIVE_TOLERANCE: Partial<Record<TensorDtype, number>> = {
  F32: 1e-4,
  F16: 2e-2,
  BF16: 1e-1,
};

/** Runs the function `evaluate` of two sessions over the same images and compares the logits. */
export async function compareLogits(
  a: Session,
  b: Session,
  loader: ImageLoader,
  { task, outputs }: { readonly task: TaskSpec; readonly outputs: number },
  dtype: TensorDtype,
  onBatch: (done: number) => Promise<void>,
): Promise<Verification> {
  const decision = (z: Float32Array): number[] => task.decide(task.probabilities(z));
  let images = 0;
  let maxAbsDiff = 0;
  let largest = 1;
  let agreed = 0;
  for await (const batch of loader.epoch({ epoch: 0, shuffle: false })) {
    const logits = async (e: Session): Promise<Float32Array> =>
      (await e.run('evaluate', { images: batch.pixels }))['logits'] ?? new Float32Array();
    const [za, zb] = [await logits(a), await logits(b)];
    batch.indices.forEach((index, row) => {
      if (index < 0) return;
      const x = za.subarray(row * outputs, (row + 1) * outputs);
      const y = zb.subarray(row * outputs, (row + 1) * outputs);
      x.forEach((value, i) => {
        const difference = Math.abs(value - (y[i] ?? NaN));
        // NaN must not pass as "not larger".
        maxAbsDiff = Number.isNaN(difference) ? Infinity : Math.max(maxAbsDiff, difference);
        largest = Math.max(largest, Math.abs(value));
      });
      images += 1;
      agreed += String(decision(x)) === String(decision(y)) ? 1 : 0;
    });
    await onBatch(images);
  }
  const tolerance = (RELATIVE_TOLERANCE[dtype] ?? 1e-4) * largest;
  return { images, maxAbsDiff, tolerance, top1Agreement: images === 0 ? 0 : agreed / images };
}
