import type { PredictJob } from '../../../shared/contract/engine/jobs.ts';
import type { PredictResult } from '../../../shared/contract/engine/results.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { likeliest } from '../../../shared/tasks/task.ts';
import { ImageLoader } from '../data/loader.ts';
import { openPredictor } from '../programs/open-predictor.ts';
import { forEachLogits } from '../evaluate/evaluator.ts';
import type { JobChannel } from './channel.ts';

/** Predicts each file, in the order given; an unreadable file gets its reason. */
export async function predict(job: PredictJob, channel: JobChannel): Promise<PredictResult> {
  channel.progress('loading', 0, 1);
  const { labels, task, outputs, session, preprocessing } = await openPredictor(
    job,
    job.batchSize,
    channel.runtime,
  );
  // No hashes to verify and no cache: files are seldom predicted twice.
  const images = job.paths.map((path) => ({ path, sha256: '' }));
  const loader = new ImageLoader({
    ...channel.loading,
    images,
    preprocessing,
    augmentation: null,
    batchSize: job.batchSize,
    seed: 0,
    cacheDir: null,
    memoryBytes: 0,
  });
  const pathOf = (index: number): string => {
    const path = job.paths[index];
    if (path === undefined)
      throw new KarstError('internal', `There is no image ${String(index)} to predict.`);
    return path;
  };
  try {
    await forEachLogits(session, loader, outputs, {
      onImage: (index, logits) => {
        const predictions = likeliest(task.spec, logits, labels, job.top);
        channel.emit({ type: 'prediction', path: pathOf(index), predictions });
      },
      onUnreadable: (index, error) =>
        channel.emit({ type: 'unreadable', path: pathOf(index), error }),
      onBatch: (done) => {
        channel.progress('predicting', done, images.length);
        return channel.throwIfCancelled();
      },
    });
  } finally {
    await loader.close();
    await session.dispose();
  }
  return { kind: 'predict' };
}
