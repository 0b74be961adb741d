import { join } from 'node:path';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { TrainResult } from '../../../shared/contract/engine/results.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { familyOf } from '../../../shared/models/registry.ts';
import { trainedParameters } from '../../../shared/methods/trained.ts';
import { writeAdapterFolder } from '../../formats/adapter-folder.ts';
import type { Model } from '../model/model.ts';
import type { BatchSource } from '../data/batch-source.ts';
import { ImageLoader } from '../data/loader.ts';
import { missingFiles } from '../data/missing-files.ts';
import type { Session } from '../../backends/session.ts';
import { tensorNamed } from '../programs/tensor-named.ts';
import { startValues } from '../train/start-values.ts';
import { Pace } from '../train/pace.ts';
import { FeatureSource } from '../train/features.ts';
import { prepareTraining, workingArchitecture, type PreparedTraining } from '../train/prepare.ts';
import { Trainer, type TrainerParts, type TrainingOutcome } from '../train/trainer.ts';
import { taskNamed } from '../../tasks/registry.ts';
import { readImages, targetsOf } from './manifest.ts';
import type { JobChannel } from './channel.ts';

/** Trains a run to its end and writes its adapter folder. */
export async function train(job: TrainJob, channel: JobChannel): Promise<TrainResult> {
  const began = performance.now();
  const { config } = job;
  const task = taskNamed(job.task);
  const classes = job.classes.length;
  const manifest = await readImages(join(job.runDir, 'manifest.jsonl'), classes, task.spec);
  const images = {
    train: manifest.filter((image) => image.split === 'train'),
    val: manifest.filter((image) => image.split === 'val'),
  };
  if (images.train.length === 0) {
    throw new KarstError('dataset-unusable', `The run "${job.runName}" has no training images.`, {
      hint: 'Import more images or lower the validation share.',
    });
  }
  channel.progress('loading', 0, 1);
  const used = [...images.train, ...images.val];
  const missing = missingFiles(used);
  const { imageSize } = workingArchitecture(job.backbone, config);
  const loaders = openLoaders(job, images, imageSize, channel);
  // While this thread builds the graph, those of the loader get ready to decode.
  loaders.train.open();
  let prepared: PreparedTraining | null = null;
  try {
    prepared = await prepareTraining(
      job.backbone,
      config,
      { task, classes },
      channel.runtime,
      job.checkpointedBlocks,
    );
    const { model, session, featureExtractor, groups, noise, initial } = prepared;
    const graph = (performance.now() - began) / 1000;
    channel.progress('loading', 1, 1);
    warnOfMissing(await missing, used.length, channel);
    if (job.checkpointedBlocks > 0)
      channel.emit({ type: 'log', level: 'info', message: checkpointingNote(job) });
    const sources =
      featureExtractor === null
        ? loaders
        : await readFeatures(job, featureExtractor, images, loaders, channel);
    const targets = {
      train: targetsOf(task.spec, images.train),
      val: targetsOf(task.spec, images.val),
    };
    const preparing = { tensorflow: channel.loadingSeconds, graph };
    const parts: TrainerParts = {
      ...{ job, channel, task, model, session, groups, noise, images, targets, preparing },
      loaders: sources,
    };
    const { start } = job;
    const outcome = await new Trainer(parts).run(async () =>
      start === null ? initial : startValues(start, model, initial),
    );
    await writeAdapter(job, model, images, outcome);
    return summary(job, model, outcome);
  } finally {
    await loaders.train.close();
    await loaders.val?.close();
    await prepared?.session.dispose();
    await prepared?.featureExtractor?.dispose();
  }
}

/** Pixels in the cache are found by the file's hash: they are what the run was made with. */
function warnOfMissing(
  [first, ...more]: { path: string }[],
  of: number,
  channel: JobChannel,
): void {
  if (first === undefined) return;
  const count = 1 + more.length;
  const which = count === 1 ? first.path : `the first is ${first.path}`;
  channel.emit({
    type: 'log',
    level: 'warning',
    message: `${String(count)} of ${String(of)} image files ${count === 1 ? 'is' : 'are'} gone: ${which}. Those that the cache has decoded are used from there; the others are skipped.`,
    path: first.path,
  });
}

function checkpointingNote({ config, checkpointedBlocks, backbone }: TrainJob): string {
  const why =
    config.gradientCheckpointing === 'auto'
      ? 'Memory is short'
      : 'The setting "gradientCheckpointing" is "always"';
  const { architecture } = backbone;
  const blocks = `${String(checkpointedBlocks)} of ${String(familyOf(architecture).blocks(architecture))} blocks`;
  return `${why}: ${blocks} use gradient checkpointing. Steps take longer and give the same result.`;
}

/** The frozen backbone's features of every image, computed once for all epochs. */
async function readFeatures(
  job: TrainJob,
  featureExtractor: Session,
  images: TrainerParts['images'],
  loaders: TrainerParts['loaders'],
  channel: JobChannel,
): Promise<TrainerParts['loaders']> {
  const { architecture } = job.backbone;
  const width = familyOf(architecture).width(architecture);
  const { batchSize, seed } = job.config;
  const total = images.train.length + images.val.length;
  const pace = new Pace();
  let doneAt: { readonly done: number; readonly at: number } | null = null;
  const secondsLeft = (done: number): number | null => {
    const at = performance.now();
    // The first batch compiles, and its time says nothing of the others.
    if (doneAt !== null) pace.add((at - doneAt.at) / 1000, done - doneAt.done);
    doneAt = { done, at };
    const each = pace.secondsPerUnit;
    return each === null ? null : (total - done) * each;
  };
  const read = (source: BatchSource, count: number, before: number): Promise<FeatureSource> =>
    FeatureSource.read(
      source,
      featureExtractor,
      { images: count, width, batchSize, seed },
      async (done) => {
        channel.progress('features', before + done, total, secondsLeft(before + done));
        await channel.throwIfCancelled();
      },
    );
  return {
    train: await read(loaders.train, images.train.length, 0),
    val:
      loaders.val === null ? null : await read(loaders.val, images.val.length, images.train.length),
  };
}

function openLoaders(
  job: TrainJob,
  images: TrainerParts['images'],
  imageSize: number,
  channel: JobChannel,
): { readonly train: ImageLoader; readonly val: ImageLoader | null } {
  const { config, backbone } = job;
  const common = {
    ...channel.loading,
    preprocessing: { ...backbone.preprocessing, imageSize },
    batchSize: config.batchSize,
    seed: config.seed,
    cacheDir: join(channel.cacheDir, 'images'),
  };
  return {
    train: new ImageLoader({ ...common, images: images.train, augmentation: config.augmentation }),
    val:
      images.val.length === 0
        ? null
        : new ImageLoader({ ...common, images: images.val, augmentation: null }),
  };
}

async function writeAdapter(
  job: TrainJob,
  model: Model,
  images: TrainerParts['images'],
  { state, adapter, val }: TrainingOutcome,
): Promise<void> {
  const { config, backbone } = job;
  await writeAdapterFolder(job.adapterDir, {
    name: job.runName,
    tensors: [...model.trained].map(([name, shape]) => {
      const found = tensorNamed<Float32Array | { readonly values: Float32Array }>(adapter, name);
      return {
        name,
        dtype: 'F32',
        shape,
        data: found instanceof Float32Array ? found : found.values,
      };
    }),
    config: {
      ...config.tuning,
      task: job.task,
      backboneName: backbone.name,
      backboneSha256: config.initialize === 'random' ? null : backbone.sha256,
      architecture: backbone.architecture,
      parent: job.start === null ? null : { name: job.start.name, sha256: job.start.sha256 },
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
        learningRate: config.optimizer.learningRate,
        weightDecay: config.optimizer.weightDecay,
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
  model: Model,
  { state, stoppedEarly, val }: TrainingOutcome,
): TrainResult {
  const { adapter: adapterParameters, head: headParameters } = trainedParameters(
    model.architecture,
    job.config.tuning,
    model.classes,
  );
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
    val,
  };
}
