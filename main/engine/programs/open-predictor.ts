import type { PredictJob } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { atSize } from '../../../shared/models/registry.ts';
import type { Session } from '../../backends/session.ts';
import { taskNamed } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import { loadBackbone } from '../backbone/load.ts';
import { plainModel } from '../model/plain-model.ts';
import type { Runtime } from '../runtime/open-runtime.ts';
import { evaluationProgram, type EvaluationOptions } from './evaluation.ts';
import { openAdapter } from './open-adapter.ts';

/** A model with classes, ready for inference. */
export interface OpenPredictor {
  readonly labels: readonly string[];
  readonly task: Task;
  /** Outputs of the head. */
  readonly outputs: number;
  readonly session: Session;
  readonly preprocessing: Preprocessing;
}

/** What of a job says which model predicts. */
export type PredictorOf = Pick<PredictJob, 'adapterDir' | 'backbone' | 'labels'>;

/**
 * Opens an adapter, or a backbone with the head of its own file, for batches of `batchSize`. The
 * caller disposes the session.
 */
export async function openPredictor(
  { adapterDir, backbone, labels = [] }: PredictorOf,
  batchSize: number,
  runtime: Runtime,
  options: Pick<EvaluationOptions, 'single'> = {},
): Promise<OpenPredictor> {
  if (adapterDir !== null) {
    const { folder, task, model, session, preprocessing } = await openAdapter(
      adapterDir,
      backbone,
      batchSize,
      runtime,
      options,
    );
    return { labels: folder.labels, task, outputs: model.classes, session, preprocessing };
  }
  const { preprocessing, architecture } = backbone;
  const outputs = architecture.classes;
  if (outputs === 0 || labels.length !== outputs)
    throw new KarstError(
      'internal',
      `"${backbone.name}" has ${outputs} outputs, ${labels.length} labels.`,
    );
  const working = atSize(architecture, preprocessing.imageSize);
  const { program } = evaluationProgram(plainModel(working, outputs), batchSize, {
    ...options,
    matmulPrecision: 'high',
  });
  const weights = await loadBackbone(backbone, working, { head: true });
  const session = runtime.open(program);
  await session.write(weights);
  return { labels, task: taskNamed('single-label'), outputs, session, preprocessing };
}
