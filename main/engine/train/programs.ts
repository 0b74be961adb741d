import type { Architecture } from '../../../shared/models/registry.ts';
import { keepsFeatures, type TrainingConfig } from '../../../shared/domain/training.ts';
import type { Program } from '../../graph/program.ts';
import type { Task } from '../../tasks/task.ts';
import { tunerOf } from '../../tuning/registry.ts';
import type { Tuner } from '../../tuning/tuner.ts';
import { adaptedModel } from '../model/adapted-model.ts';
import type { Model } from '../model/model.ts';
import { classifierModel } from '../model/plain-model.ts';
import { stepNoise, type StepNoise } from './noise.ts';
import type { ParameterGroup } from '../programs/parameters.ts';
import { featureProgram } from '../programs/features.ts';
import { trainingProgram } from '../programs/training.ts';

/**
 * The programs of a training run: a pure function of its settings. The host builds them too, to
 * estimate memory.
 */
export interface TrainingPrograms {
  readonly tuner: Tuner;
  readonly model: Model;
  readonly program: Program;
  readonly groups: readonly ParameterGroup[];
  /** Random inputs of each training step. */
  readonly noise: readonly StepNoise[];
  /**
   * The frozen backbone's function `features` if the model is trained on features instead of
   * images; otherwise null.
   */
  readonly features: Program | null;
}

/**
 * @param architecture architecture at the training image size
 * @param checkpointedBlocks number of checkpointed blocks, from the first
 */
export function trainingPrograms(
  config: TrainingConfig,
  architecture: Architecture,
  { task, classes }: { readonly task: Task; readonly classes: number },
  checkpointedBlocks: number,
): TrainingPrograms {
  const { batchSize, optimizer, accumulate, matmulPrecision } = config;
  const tuner = tunerOf(config.tuning, architecture);
  const onFeatures = keepsFeatures(config);
  const outputs = task.spec.outputs(classes);
  const model = onFeatures
    ? classifierModel(architecture, outputs)
    : adaptedModel({ architecture, classes: outputs, tuner, checkpointedBlocks });
  const noise = stepNoise(model, config);
  const { program, groups } = trainingProgram(model, {
    ...{ batchSize, loss: task.loss, optimizer, accumulate, matmulPrecision, noise },
  });
  const features = onFeatures ? featureProgram(architecture, batchSize, matmulPrecision) : null;
  return { tuner, model, program, groups, noise, features };
}
