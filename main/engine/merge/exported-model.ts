import type { MergeJob } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { requireExportAs } from '../../../shared/methods/export-formats.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import type { ExportedModel } from '../../exports/exporter.ts';
import { Checkpoint } from '../../formats/checkpoints/checkpoint.ts';
import type { TensorDtype } from '../../formats/safetensors.ts';
import { BATCH } from '../../graph/dim.ts';
import type { ProgramFunction } from '../../graph/program.ts';
import { mergedTensors } from '../../tuning/merge.ts';
import { shapesOf, type Model } from '../model/model.ts';
import { plainModel } from '../model/plain-model.ts';
import { evaluationProgram } from '../programs/evaluation.ts';
import type { OpenAdapter } from '../programs/open-adapter.ts';

/**
 * The model that an adapter makes of its backbone: with its weights merged, or, of a method that
 * cannot be merged, with its extra layers.
 * @throws KarstError not-available for extra layers in a format of the backbone's own classes
 */
export async function exportedModel(
  { adapterDir, backbone, manifestSha256, licence, target }: MergeJob,
  { model, tuner, tensors, folder, preprocessing, task }: OpenAdapter,
): Promise<ExportedModel> {
  const { config, labels } = folder;
  requireExportAs(target.format, config.method, adapterDir);
  const { merges } = tuner.spec;
  const { classes } = model;
  const architecture: Architecture = { ...model.architecture, classes };
  const own = familyOf(architecture).tensors(architecture, classes);
  const specs = merges ? own : [...own, ...tuner.added];
  const whole = merges ? plainModel(architecture, classes) : frozenModel(model, specs);
  const { evaluate } = evaluationProgram(whole, BATCH).program.functions as {
    readonly evaluate: ProgramFunction;
  };
  const { logits } = evaluate.outputs;
  if (logits === undefined) throw new KarstError('internal', 'The model has no outputs.');
  return {
    name: config.training?.runName ?? 'merged model',
    backbone: { name: backbone.name, sha256: config.backboneSha256, licence },
    architecture,
    labels,
    preprocessing,
    adapter: config,
    manifestSha256,
    specs,
    merged: merges,
    tensors: merges
      ? mergedTensors(tuner, tensors.adapter, tensors.backbone)
      : new Map([...tensors.backbone, ...tensors.adapter]),
    storedAs: await storedTypes(backbone, tuner.spec.scope === 'model'),
    classify: { ...evaluate, outputs: { logits, probabilities: task.probabilities(logits) } },
  };
}

/** The model with all its tensors stored and nothing to train. */
function frozenModel(model: Model, specs: readonly TensorSpec[]): Model {
  return { ...model, frozen: shapesOf(specs), trainedTensors: [], trained: new Map() };
}

const isMatrix = ({ role }: TensorSpec): boolean => role === 'matrix';

/**
 * The type each tensor has in the backbone's file, the head that of the matrices; float32 where
 * there is none (trained from random weights).
 */
async function storedTypes(
  { path, architecture }: MergeJob['backbone'],
  whole: boolean,
): Promise<(tensor: TensorSpec) => TensorDtype> {
  if (path === null || whole) return () => 'F32';
  const file = await Checkpoint.open(path);
  try {
    const first = familyOf(architecture).tensors(architecture, 0).find(isMatrix);
    const main = file.tensors.get(first?.name ?? '')?.dtype ?? 'F32';
    return ({ name, role }) => (role === 'head' ? main : (file.tensors.get(name)?.dtype ?? main));
  } finally {
    await file.close();
  }
}
