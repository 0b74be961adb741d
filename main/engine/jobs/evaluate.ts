import { join } from 'node:path';
import type { EvaluateJob } from '../../../shared/contract/engine/jobs.ts';
import type { EvaluateResult } from '../../../shared/contract/engine/results.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Prediction } from '../../../shared/domain/metrics.ts';
import { ImageLoader } from '../data/loader.ts';
import { openAdapter } from '../programs/open-adapter.ts';
import { likeliest } from '../../../shared/tasks/task.ts';
import { evaluate } from '../evaluate/evaluator.ts';
import { readImages, targetsOf } from './manifest.ts';
import type { JobChannel } from './channel.ts';

/** Predictions kept per image. */
const TOP = 5;

/** Evaluates an adapter on every image of a manifest. */
export async function evaluateAdapter(
  job: EvaluateJob,
  channel: JobChannel,
): Promise<EvaluateResult> {
  channel.progress('loading', 0, 1);
  const { folder, task, session, preprocessing } = await openAdapter(
    job.adapterDir,
    job.backbone,
    job.batchSize,
    channel.runtime,
  );
  const { labels } = folder;
  const { grouping } = job;
  const evaluated = grouping?.classes ?? labels;
  const images = await readImages(job.manifest, evaluated.length, task.spec);
  const loader = new ImageLoader({
    ...channel.loading,
    images,
    preprocessing,
    augmentation: null,
    batchSize: job.batchSize,
    seed: 0,
    cacheDir: join(channel.cacheDir, 'images'),
  });
  const rows = images.map((): Prediction[] | null => null);
  const problems: { path: string; error: ErrorReport }[] = [];
  const measuring = {
    ...{ task, classes: labels, targets: targetsOf(task.spec, images) },
    ...(grouping === undefined ? {} : { grouping }),
  };
  try {
    const evaluation = await evaluate(session, loader, measuring, {
      onImage: (index, logits) => (rows[index] = likeliest(task.spec, logits, evaluated, TOP)),
      onUnreadable: (index, error) => {
        const path = images[index]?.path ?? '';
        problems.push({ path, error });
        channel.emit({ type: 'unreadable', path, error });
      },
      onBatch: (done) => {
        channel.progress('evaluating', done, images.length);
        return channel.throwIfCancelled();
      },
    });
    return { kind: 'evaluate', evaluation, rows, problems };
  } finally {
    await loader.close();
    await session.dispose();
  }
}
