import type { BackboneReference } from '../../../shared/contract/engine/jobs.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { headTensors } from '../../../shared/models/head.ts';
import type { Tuner } from '../../tuning/tuner.ts';
import type { Model } from '../model/model.ts';
import { initialTensor } from '../initialisers.ts';
import { atSize, type Architecture } from '../../../shared/models/registry.ts';
import { loadBackbone, randomBackbone } from '../backbone/load.ts';
import type { Session } from '../../backends/session.ts';
import type { Runtime } from '../runtime/open-runtime.ts';
import type { StepNoise } from './noise.ts';
import type { Task } from '../../tasks/task.ts';
import type { ParameterGroup } from '../programs/parameters.ts';
import { trainingPrograms } from './programs.ts';

/** A model ready for training. */
export interface PreparedTraining {
  readonly model: Model;
  /** Already holds the frozen weights; the caller disposes it. */
  readonly session: Session;
  /**
   * Computes the frozen backbone's features (function `features`) if the model is trained on
   * features instead of images; otherwise null. The caller disposes it.
   */
  readonly featureExtractor: Session | null;
  readonly groups: readonly ParameterGroup[];
  /** Random inputs of each training step. */
  readonly noise: readonly StepNoise[];
  /** Initial values of the trained tensors. */
  readonly initial: ReadonlyMap<string, Float32Array>;
}

/** The backbone's architecture at the size that the images are trained at. @throws config-invalid */
export function workingArchitecture(
  { architecture, preprocessing }: BackboneReference,
  { imageSize }: TrainingConfig,
): Architecture {
  return atSize(architecture, imageSize || preprocessing.imageSize);
}

/**
 * Loads the backbone, builds the training step and writes the frozen weights.
 * @param checkpointedBlocks number of checkpointed blocks, from the first
 */
export async function prepareTraining(
  reference: BackboneReference,
  config: TrainingConfig,
  { task, classes }: { readonly task: Task; readonly classes: number },
  runtime: Runtime,
  checkpointedBlocks: number,
): Promise<PreparedTraining> {
  const architecture = workingArchitecture(reference, config);
  const { tuner, model, program, groups, noise, features } = trainingPrograms(
    config,
    architecture,
    { task, classes },
    checkpointedBlocks,
  );
  const backbone =
    config.initialize === 'random'
      ? randomBackbone(architecture, config.seed)
      : await loadBackbone(reference, architecture);
  const session = runtime.open(program);
  let featureExtractor: Session | null = null;
  try {
    if (features !== null) {
      featureExtractor = runtime.open(features);
      await featureExtractor.write(backbone);
    }
    await session.write(frozenValues(model, backbone));
    if (config.accumulate > 1)
      await session.write(
        new Map(groups.map((g) => [`sum.${g.name}`, session.zeros(`sum.${g.name}`)])),
      );
    return {
      model,
      session,
      featureExtractor,
      groups,
      noise,
      initial: initialValues(model, tuner, backbone, config.seed),
    };
  } catch (error) {
    await session.dispose();
    await featureExtractor?.dispose();
    throw error;
  }
}

function frozenValues(
  model: Model,
  backbone: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map([...backbone].filter(([name]) => model.frozen.has(name)));
}

/**
 * Trained backbone tensors start from the backbone's values; the adapter and the head are
 * initialised.
 */
function initialValues(
  model: Model,
  tuner: Tuner,
  backbone: ReadonlyMap<string, Float32Array>,
  seed: number,
): Map<string, Float32Array> {
  const trainedBackbone = [...backbone].filter(([name]) => model.trained.has(name));
  const fresh = [...tuner.added, ...headTensors(tuner.model.width, model.classes)];
  return new Map([
    ...trainedBackbone,
    ...fresh.map((tensor) => [tensor.name, initialTensor(tensor, seed, backbone)] as const),
  ]);
}
