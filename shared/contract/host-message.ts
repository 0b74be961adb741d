import * as v from 'valibot';
import {
  MATMUL_PRECISIONS,
  OPTIMIZERS,
  RECOMPUTE,
  type TrainingConfig,
} from '../domain/training.ts';
import { METHOD_NAMES } from '../methods/registry.ts';
import { LOOSE_OPTION_SCHEMAS } from '../methods/schemas.ts';
import { architectureSchema } from '../models/registry.ts';

/** Checked by the engine on every message that the host sends; see `HostMessage` for what the fields mean. */
const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const triple = v.tuple([finite, finite, finite]);

const preprocessing = v.object({
  imageSize: count,
  interpolation: v.picklist(['bicubic', 'bilinear']),
  cropFraction: finite,
  cropMode: v.picklist(['center', 'squash']),
  mean: triple,
  std: triple,
});

const backbone = v.object({
  path: v.nullable(v.string()),
  sha256: v.string(),
  name: v.string(),
  architecture: architectureSchema,
  preprocessing,
});

/**
 * Numbers of settings, wider than every limit of theirs: those are told by name when a training is planned. Within these
 * no product of a few of them leaves the numbers.
 */
const WIDEST = 1e9;
const real = v.pipe(v.number(), v.minValue(-WIDEST), v.maxValue(WIDEST));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(WIDEST));

export const augmentationOptions = v.object({
  cropScaleMin: real,
  padCrop: real,
  flip: v.boolean(),
  colorJitter: real,
  rotation: real,
  randAugmentOps: whole,
  randAugmentMagnitude: real,
  mixup: real,
});

export const trainingConfig: v.GenericSchema<unknown, TrainingConfig> = v.object({
  method: v.picklist(METHOD_NAMES),
  ...LOOSE_OPTION_SCHEMAS,
  optimizer: v.object({
    name: v.picklist(OPTIMIZERS),
    learningRate: real,
    muonLearningRate: real,
    weightDecay: real,
    decayOn: v.picklist(['matrices', 'all']),
    beta1: real,
    beta2: real,
    epsilon: real,
    clipNorm: real,
  }),
  schedule: v.object({
    epochs: real,
    warmupEpochs: real,
    warmupStart: real,
    cosineEnd: real,
  }),
  augmentation: augmentationOptions,
  batchSize: whole,
  matmulPrecision: v.picklist(MATMUL_PRECISIONS),
  accumulate: whole,
  labelSmoothing: real,
  dropPath: real,
  patchDrop: real,
  classWeightPower: real,
  earlyStopping: real,
  imageSize: whole,
  initialise: v.picklist(['backbone', 'random']),
  seed: v.pipe(v.number(), v.safeInteger()),
  checkpointEverySeconds: real,
  keepCheckpoints: whole,
  validateEvery: whole,
  recompute: v.picklist(RECOMPUTE),
});

const onAdapter = { adapterDir: v.string(), backbone };
const job = v.variant('kind', [
  v.object({
    kind: v.literal('train'),
    runId: v.string(),
    runName: v.string(),
    runDir: v.string(),
    adapterDir: v.string(),
    backbone,
    config: trainingConfig,
    task: v.string(),
    classes: v.array(v.string()),
    resume: v.boolean(),
    extendedAt: v.nullable(count),
    recomputedBlocks: count,
  }),
  v.object({
    kind: v.literal('measure'),
    backbone,
    config: trainingConfig,
    task: v.string(),
    classes: count,
    steps: count,
    recomputedBlocks: count,
  }),
  v.object({ kind: v.literal('evaluate'), ...onAdapter, manifest: v.string(), batchSize: count }),
  v.object({
    kind: v.literal('predict'),
    ...onAdapter,
    paths: v.array(v.string()),
    top: count,
    batchSize: count,
  }),
  v.object({ kind: v.literal('try'), ...onAdapter }),
  v.object({
    kind: v.literal('merge'),
    ...onAdapter,
    out: v.string(),
    manifest: v.string(),
    verifyImages: count,
  }),
  v.object({
    kind: v.literal('augment'),
    images: v.array(v.object({ path: v.string(), sha256: v.string() })),
    preprocessing,
    augmentation: augmentationOptions,
    copies: count,
    seed: v.pipe(v.number(), v.integer()),
    out: v.string(),
  }),
  v.object({ kind: v.literal('probe') }),
]);

export const hostMessageSchema = v.variant('type', [
  v.object({ type: v.literal('start'), job, cacheDir: v.string() }),
  v.object({ type: v.literal('pause') }),
  v.object({ type: v.literal('resume') }),
  v.object({ type: v.literal('stop') }),
  v.object({ type: v.literal('suspend') }),
  v.object({ type: v.literal('question'), id: count, paths: v.array(v.string()), top: count }),
]);
