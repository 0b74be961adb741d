import type { EvaluateJob } from '../../../shared/contract/engine/jobs.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Evaluation } from '../../../shared/domain/metrics.ts';
import type { BatchSource } from '../data/batch-source.ts';
import type { Session } from '../../backends/session.ts';
import type { Task } from '../../tasks/task.ts';

/** Runs the function `evaluate` of an session over a loader's images, in their order. */
export interface Pass {
  /** Logits (outputs) of one image, by its index in the loader. */
  readonly onImage: (index: number, logits: Float32Array) => void;
  readonly onUnreadable: (index: number, error: ErrorReport) => void;
  readonly onBatch: (done: number) => Promise<void> | void;
}

export async function forEachLogits(
  session: Session,
  loader: BatchSource,
  outputs: number,
  pass: Pass,
): Promise<void> {
  let done = 0;
  for await (const batch of loader.epoch({ epoch: 0, shuffle: false })) {
    const { logits } = await session.run('evaluate', { images: batch.pixels });
    batch.indices.forEach((index, row) => {
      if (index >= 0 && logits !== undefined)
        pass.onImage(index, logits.subarray(row * outputs, (row + 1) * outputs));
    });
    for (const { index, error } of batch.problems) pass.onUnreadable(index, error);
    done += batch.count + batch.problems.length;
    await pass.onBatch(done);
  }
}

/** Settings of an evaluation. */
export interface Measuring {
  readonly task: Task;
  /** Of the head. */
  readonly classes: readonly string[];
  /** The evaluated classes, if they are others. */
  readonly grouping?: EvaluateJob['grouping'];
  /** Of the loader's images, in their order. */
  readonly targets: readonly unknown[];
}

/**
 * Evaluates the current weights on the loader's images.
 * @param pass gets the outputs for the evaluated classes
 */
export async function evaluate(
  session: Session,
  loader: BatchSource,
  { task, classes, grouping, targets }: Measuring,
  pass: Pass,
): Promise<Evaluation> {
  const evaluated = grouping?.classes ?? classes;
  const metrics = task.evaluation(evaluated);
  await forEachLogits(session, loader, task.spec.outputs(classes.length), {
    ...pass,
    onImage: (index, outputs) => {
      const logits =
        grouping === undefined
          ? outputs
          : task.spec.combined(outputs, grouping.of, evaluated.length);
      metrics.add(logits, targets[index]);
      pass.onImage(index, logits);
    },
  });
  return metrics.result();
}
