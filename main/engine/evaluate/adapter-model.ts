import type { BackboneReference } from '../../../shared/contract/engine.ts';
import type { Preprocessing } from '../../../shared/domain/architecture.ts';
import { readAdapterFolder, type AdapterFolder } from '../../formats/adapter-folder.ts';
import { readAllFloat32 } from '../../formats/safetensors.ts';
import { adaptedModel, type AdaptedModel } from '../adapter/adapted-model.ts';
import { loadBackbone, workingArchitecture } from '../backbone/load.ts';
import type { Executor } from '../../backends/executor.ts';
import type { Runtime } from '../runtime/executor.ts';
import { ModelState } from '../train/model-state.ts';
import { evaluationProgram, type EvaluationOptions } from '../train/step.ts';

/** An adapter on its backbone, ready to give logits. */
export interface OpenAdapter {
  readonly folder: AdapterFolder;
  readonly model: AdaptedModel;
  readonly executor: Executor;
  readonly preprocessing: Preprocessing;
  /** The tensors as they are stored: the adapter's, and the backbone's at the working size. */
  readonly tensors: {
    readonly adapter: ReadonlyMap<string, Float32Array>;
    readonly backbone: ReadonlyMap<string, Float32Array>;
  };
}

/** `matmulPrecision` is high by default, as training's is. */
export interface OpenAdapterOptions extends EvaluationOptions {
  /** Whether the adapter is folded into the backbone (default); else it is computed beside it in every call. */
  readonly folded?: boolean;
}

/**
 * Reads an adapter folder and makes the function `evaluate` of batches of `batchSize`. The caller disposes the executor.
 */
export async function openAdapter(
  dir: string,
  backbone: BackboneReference,
  batchSize: number,
  runtime: Runtime,
  { folded = true, matmulPrecision = 'high', single = false }: OpenAdapterOptions = {},
): Promise<OpenAdapter> {
  const folder = await readAdapterFolder(dir);
  const { config, labels, preprocessing } = folder;
  const architecture = workingArchitecture(backbone, preprocessing.imageSize);
  const model = adaptedModel({
    architecture,
    classes: labels.length,
    method: config.method,
    karst: config.karst,
    folded,
  });
  const adapter = await readAllFloat32(folder.weights);
  const stored =
    config.method === 'full'
      ? new Map<string, Float32Array>()
      : await loadBackbone(backbone, architecture);
  const { program, groups } = evaluationProgram(model, batchSize, { matmulPrecision, single });
  const executor = runtime.execute(program);
  if (model.frozen.size > 0) await executor.write(stored);
  await new ModelState(executor, groups).setTrained(adapter);
  if ('fold' in program.functions) await executor.run('fold', {});
  return { folder, model, executor, preprocessing, tensors: { adapter, backbone: stored } };
}
