import type { BackboneReference } from '../../../shared/contract/engine/jobs.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { atSize } from '../../../shared/models/registry.ts';
import { readAdapterFolder, type AdapterFolder } from '../../formats/adapter-folder.ts';
import { readAllFloat32 } from '../../formats/safetensors.ts';
import { tunerOf } from '../../tuning/registry.ts';
import type { Tuner } from '../../tuning/tuner.ts';
import { loadBackbone } from '../backbone/load.ts';
import type { Session } from '../../backends/session.ts';
import type { Runtime } from '../runtime/open-runtime.ts';
import { ModelState } from './model-state.ts';
import { evaluationProgram, type EvaluationOptions } from './evaluation.ts';
import { taskNamed } from '../../tasks/registry.ts';
import type { Task } from '../../tasks/task.ts';
import { adaptedModel } from '../model/adapted-model.ts';
import type { Model } from '../model/model.ts';

/** An adapter on its backbone, ready for inference. */
export interface OpenAdapter {
  readonly folder: AdapterFolder;
  readonly task: Task;
  readonly tuner: Tuner;
  readonly model: Model;
  readonly session: Session;
  readonly preprocessing: Preprocessing;
  /** The stored tensors of the adapter, and the backbone's at the image size in use. */
  readonly tensors: {
    readonly adapter: ReadonlyMap<string, Float32Array>;
    readonly backbone: ReadonlyMap<string, Float32Array>;
  };
}

/** `matmulPrecision` is high by default, as in training. */
export interface OpenAdapterOptions extends EvaluationOptions {
  /** Whether the adapter is merged into the backbone (default) or applied in every call. */
  readonly merged?: boolean;
}

/**
 * Reads an adapter folder and builds the function `evaluate` for batches of `batchSize`. The caller
 * disposes the session.
 */
export async function openAdapter(
  dir: string,
  backbone: BackboneReference,
  batchSize: number,
  runtime: Runtime,
  { merged = true, matmulPrecision = 'high', single = false }: OpenAdapterOptions = {},
): Promise<OpenAdapter> {
  const folder = await readAdapterFolder(dir);
  const { config, labels, preprocessing } = folder;
  const task = taskNamed(config.task);
  const architecture = atSize(backbone.architecture, preprocessing.imageSize);
  const tuner = tunerOf(config, architecture);
  const classes = task.spec.outputs(labels.length);
  const model = adaptedModel({ architecture, classes, tuner, merged });
  const adapter = await readAllFloat32(folder.weights);
  const stored =
    tuner.spec.scope === 'model'
      ? new Map<string, Float32Array>()
      : await loadBackbone(backbone, architecture);
  const { program, groups } = evaluationProgram(model, batchSize, { matmulPrecision, single });
  const session = runtime.open(program);
  await session.write(new Map([...stored].filter(([name]) => model.frozen.has(name))));
  await new ModelState(session, groups).setTrained(adapter);
  if ('merge' in program.functions) await session.run('merge', {});
  const tensors = { adapter, backbone: stored };
  return { folder, task, tuner, model, session, preprocessing, tensors };
}
