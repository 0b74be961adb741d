import type { ErrorReport } from '../../../shared/domain/errors.ts';
import type { Evaluation } from '../../../shared/domain/metrics.ts';
import type { BatchSource } from '../data/batch-source.ts';
import type { Executor } from '../../backends/executor.ts';
import { Tally } from './tally.ts';

/** Runs the function `evaluate` of an executor over a loader's images, in their order. */
export interface Pass {
  /** Logits (classes) of one image, by its index in the loader. */
  readonly onImage: (index: number, logits: Float32Array) => void;
  readonly onUnreadable: (index: number, error: ErrorReport) => void;
  readonly onBatch: (done: number) => Promise<void> | void;
}

export async function forEachLogits(
  executor: Executor,
  loader: BatchSource,
  classes: number,
  pass: Pass,
): Promise<void> {
  let done = 0;
  for await (const batch of loader.epoch({ epoch: 0, shuffle: false })) {
    const { logits } = await executor.run('evaluate', { images: batch.pixels });
    batch.indices.forEach((index, row) => {
      if (index >= 0 && logits !== undefined)
        pass.onImage(index, logits.subarray(row * classes, (row + 1) * classes));
    });
    for (const { index, error } of batch.problems) pass.onUnreadable(index, error);
    done += batch.count + batch.problems.length;
    await pass.onBatch(done);
  }
}

/** Evaluation of the present weights on the loader's images, whose labels are in the same order. */
export async function evaluate(
  executor: Executor,
  loader: BatchSource,
  labels: readonly number[],
  classes: readonly string[],
  pass: Pass,
): Promise<Evaluation> {
  const tally = new Tally(classes);
  await forEachLogits(executor, loader, classes.length, {
    ...pass,
    onImage: (index, logits) => {
      tally.add(logits, labels[index] ?? -1);
      pass.onImage(index, logits);
    },
  });
  return tally.result();
}
