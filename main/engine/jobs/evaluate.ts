import { join } from 'node:path';
import type { EvaluateJob, EvaluateResult } from '../../../shared/contract/engine.ts';
import type { ErrorReport } from '../../../shared/domain/errors.ts';
import type { Prediction } from '../../../shared/domain/metrics.ts';
import { ImageLoader } from '../data/loader.ts';
import { openAdapter } from '../model/open-adapter.ts';
import { forEachLogits } from '../evaluate/evaluator.ts';
import { Tally, topPredictions } from '../evaluate/tally.ts';
import { readManifest } from './manifest.ts';
import type { JobSession } from './session.ts';

/** How many predictions of each image are kept. */
const TOP = 5;

/** Evaluates an adapter on every image of a manifest. */
export async function evaluateAdapter(
  job: EvaluateJob,
  session: JobSession,
): Promise<EvaluateResult> {
  session.progress('loading', 0, 1);
  const { folder, executor, preprocessing } = await openAdapter(
    job.adapterDir,
    job.backbone,
    job.batchSize,
    session.runtime,
  );
  const { labels } = folder;
  const images = await readManifest(job.manifest, labels.length);
  const loader = new ImageLoader({
    ...session.loading,
    images,
    preprocessing,
    augmentation: null,
    batchSize: job.batchSize,
    seed: 0,
    cacheDir: join(session.cacheDir, 'images'),
  });
  const tally = new Tally(labels);
  const rows = images.map((): Prediction[] | null => null);
  const problems: { path: string; error: ErrorReport }[] = [];
  try {
    await forEachLogits(executor, loader, labels.length, {
      onImage: (index, logits) => {
        tally.add(logits, images[index]?.label ?? -1);
        rows[index] = topPredictions(logits, labels, TOP);
      },
      onUnreadable: (index, error) => {
        const path = images[index]?.path ?? '';
        problems.push({ path, error });
        session.emit({ type: 'unreadable', path, error });
      },
      onBatch: (done) => {
        session.progress('evaluating', done, images.length);
        return session.throwIfCancelled();
      },
    });
  } finally {
    await loader.close();
    await executor.dispose();
  }
  return { kind: 'evaluate', evaluation: tally.result(), rows, problems };
}
