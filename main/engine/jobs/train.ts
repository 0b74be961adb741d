import { join } from 'node:path';
import type { TrainJob, TrainResult } from '../../../shared/contract/engine.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { writeAdapterFolder } from '../../formats/adapter-folder.ts';
import { adaptedModel, type AdaptedModel } from '../adapter/adapted-model.ts';
import { initialAdapter } from '../adapter/initialise.ts';
import { loadBackbone, randomBackbone, workingArchitecture } from '../backbone/load.ts';
import { ImageLoader } from '../data/loader.ts';
import { sizeOf } from '../graph/tensor.ts';
import { keptPatches, usesDropPath, usesRankDropout } from '../train/noise.ts';
import { trainingProgram } from '../train/step.ts';
import { Trainer, type TrainerParts, type TrainingOutcome } from '../train/trainer.ts';
import { readManifest } from './manifest.ts';
import type { JobSession } from './session.ts';

/** Trains a run to its end and writes its adapter folder. */
export async function train(job: TrainJob, session: JobSession): Promise<TrainResult> {
  const { config } = job;
  const manifest = await readManifest(join(job.runDir, 'manifest.jsonl'), job.classes.length);
  const images = {
    train: manifest.filter((image) => image.split === 'train'),
    val: manifest.filter((image) => image.split === 'val'),
  };
  if (images.train.length === 0) {
    throw new KarstError('dataset-unusable', `The run "${job.runName}" has no training images.`, {
      hint: 'Import more images or lower the validation share.',
    });
  }
  session.progress('loading', 0, 1);
  const architecture = workingArchitecture(job.backbone, config.imageSize);
  const model = adaptedModel({
    architecture,
    classes: job.classes.length,
    method: config.method,
    karst: config.karst,
  });
  const backbone =
    config.initialise === 'random'
      ? randomBackbone(architecture, config.seed)
      : await loadBackbone(job.backbone, architecture);
  const { program, groups } = trainingProgram(model, {
    batchSize: config.batchSize,
    optimiser: config.optimiser,
    accumulate: config.accumulate,
    dropPath: usesDropPath(config),
    rankDropout: usesRankDropout(config, model),
    keptPatches: keptPatches(config, architecture),
  });
  const executor = session.runtime.execute(program);
  const loaders = openLoaders(job, images, architecture.imageSize, session.cacheDir);
  try {
    executor.setAll(frozenValues(model, backbone));
    if (config.accumulate > 1) {
      executor.setAll(new Map(groups.map((g) => [`sum.${g.name}`, new Float32Array(g.size)])));
    }
    session.progress('loading', 1, 1);
    const parts: TrainerParts = { job, session, model, executor, groups, images, loaders };
    const outcome = await new Trainer(parts).run(initialValues(model, config, backbone));
    await writeAdapter(job, model, images, outcome);
    return summary(job, model, outcome);
  } finally {
    await loaders.train.close();
    await loaders.val?.close();
    executor.dispose();
  }
}

function openLoaders(
  job: TrainJob,
  images: TrainerParts['images'],
  imageSize: number,
  cacheDir: string,
): TrainerParts['loaders'] {
  const { config, backbone } = job;
  const common = {
    preprocessing: { ...backbone.preprocessing, imageSize },
    batchSize: config.batchSize,
    seed: config.seed,
    cacheDir: join(cacheDir, 'images'),
  };
  return {
    train: new ImageLoader({ ...common, images: images.train, augmentation: config.augmentation }),
    val:
      images.val.length === 0
        ? null
        : new ImageLoader({ ...common, images: images.val, augmentation: null }),
  };
}

function frozenValues(
  model: AdaptedModel,
  backbone: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map([...backbone].filter(([name]) => model.frozen.has(name)));
}

/** The backbone's tensors where these are trained, fresh ones for the adapter and the head. */
function initialValues(
  model: AdaptedModel,
  config: TrainingConfig,
  backbone: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  const fresh = new Map([...model.trained].filter(([name]) => !backbone.has(name)));
  const trainedBackbone = [...backbone].filter(([name]) => model.trained.has(name));
  return new Map([...trainedBackbone, ...initialAdapter(fresh, config.karst, config.seed)]);
}

async function writeAdapter(
  job: TrainJob,
  model: AdaptedModel,
  images: TrainerParts['images'],
  { state, adapter, val }: TrainingOutcome,
): Promise<void> {
  const { config, backbone } = job;
  await writeAdapterFolder(job.adapterDir, {
    name: job.runName,
    tensors: [...model.trained].map(([name, shape]) => {
      const found = adapter.get(name);
      return {
        name,
        dtype: 'F32',
        shape,
        data: found instanceof Float32Array ? found : (found?.values ?? new Float32Array()),
      };
    }),
    config: {
      method: config.method,
      backboneName: backbone.name,
      backboneSha256: config.initialise === 'random' ? null : backbone.sha256,
      architecture: backbone.architecture,
      karst: config.method === 'karst' ? config.karst : null,
      training: {
        runId: job.runId,
        runName: job.runName,
        finishedAt: new Date().toISOString(),
        seed: config.seed,
        epochs: state.epoch,
        bestEpoch: state.best?.epoch ?? state.epoch,
        steps: state.step,
        seconds: state.seconds,
        batchSize: config.batchSize,
        learningRate: config.optimiser.learningRate,
        weightDecay: config.optimiser.weightDecay,
        trainImages: images.train.length,
        valImages: images.val.length,
        valTop1: val?.top1 ?? null,
        valLoss: val?.loss ?? null,
      },
    },
    preprocessing: { ...backbone.preprocessing, imageSize: model.architecture.imageSize },
    labels: job.classes,
  });
}

function summary(
  job: TrainJob,
  model: AdaptedModel,
  { state, stoppedEarly, val }: TrainingOutcome,
): TrainResult {
  const count = (head: boolean): number =>
    [...model.trained].reduce(
      (sum, [name, shape]) => sum + (name.startsWith('head.') === head ? sizeOf(shape) : 0),
      0,
    );
  const adapterParameters = count(false);
  const headParameters = count(true);
  return {
    kind: 'train',
    adapterDir: job.adapterDir,
    trainableParameters: adapterParameters + headParameters,
    adapterParameters,
    headParameters,
    steps: state.step,
    epochs: state.epoch,
    bestEpoch: state.best?.epoch ?? state.epoch,
    stoppedEarly,
    seconds: state.seconds,
    val,
  };
}
