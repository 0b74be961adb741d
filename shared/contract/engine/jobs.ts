import * as v from 'valibot';
import { immutable } from '../../domain/immutable.ts';
import { preprocessingSchema } from '../../domain/preprocessing.ts';
import { countSchema, integerSchema } from '../../domain/scalars.ts';
import { architectureSchema } from '../../models/registry.ts';
import { augmentation } from '../../training/fields.ts';
import { looseTrainingSchema } from '../../training/config.ts';

/** What an engine process is started for: one job each. */

/** A backbone file as the engine needs it: weights referenced where they lie, checked against `sha256`. */
const backboneReferenceSchema = immutable(
  v.object({
    /** Absolute path of a safetensors file; null for a shape without weights (training from scratch). */
    path: v.nullable(v.string()),
    sha256: v.string(),
    name: v.string(),
    architecture: architectureSchema,
    preprocessing: preprocessingSchema,
  }),
);
export type BackboneReference = v.InferOutput<typeof backboneReferenceSchema>;

const trainJob = v.object({
  kind: v.literal('train'),
  runId: v.string(),
  runName: v.string(),
  /** Folder of the run: `config.json`, `manifest.jsonl` are there already; the engine writes the rest. */
  runDir: v.string(),
  /** Folder the finished adapter is written to (must not exist). */
  adapterDir: v.string(),
  backbone: backboneReferenceSchema,
  config: looseTrainingSchema,
  /** Name of what is learnt, as in `shared/tasks`. */
  task: v.string(),
  classes: v.array(v.string()),
  /** Continue from the newest checkpoint that verifies; false starts afresh. */
  resume: v.boolean(),
  /** The step at which the run, which had ended there, was last given more epochs; null when it never was. */
  extendedAt: v.nullable(countSchema),
  /** Blocks, from the first, that are computed again in the backward pass, since memory is short; 0: none. */
  checkpointedBlocks: countSchema,
});

/** Takes a few steps on random images with these settings, and keeps nothing but how long they took. */
const measureJob = v.object({
  kind: v.literal('benchmark'),
  backbone: backboneReferenceSchema,
  config: looseTrainingSchema,
  /** As in a training. */
  task: v.string(),
  /** Number of classes. */
  classes: countSchema,
  /** Updates that are timed, after the first, which compiles. */
  steps: countSchema,
  /** As in a training. */
  checkpointedBlocks: countSchema,
});

const onAdapter = { adapterDir: v.string(), backbone: backboneReferenceSchema };

const evaluateJob = v.object({
  kind: v.literal('evaluate'),
  ...onAdapter,
  /** JSON lines of `ManifestImage`, all of which are evaluated; labels index `classes` of the adapter. */
  manifest: v.string(),
  batchSize: countSchema,
});

const predictJob = v.object({
  kind: v.literal('predict'),
  ...onAdapter,
  paths: v.array(v.string()),
  /** Answers for each image. */
  top: countSchema,
  batchSize: countSchema,
});

/** Keeps a model ready and answers questions about files until it is told to stop. */
const tryJob = v.object({ kind: v.literal('interactive-predict'), ...onAdapter });

const mergeJob = v.object({
  kind: v.literal('merge'),
  ...onAdapter,
  /** Folder to write (must not exist): `model.safetensors`, `config.json`, `preprocessor_config.json`, `labels.json`, `README.md`. */
  out: v.string(),
  /** JSON lines of `ManifestImage` on which adapted and merged model are compared. */
  manifest: v.string(),
  /** At most so many images of the manifest are used. */
  verifyImages: countSchema,
});

/** Draws what augmentation makes of some images. The one job that needs no TensorFlow: no `ready` is sent. */
const augmentJob = v.object({
  kind: v.literal('augment'),
  /** `sha256` empty: whatever is there now is taken. */
  images: v.array(v.object({ path: v.string(), sha256: v.string() })),
  /** Its image size is the side of the pictures. */
  preprocessing: preprocessingSchema,
  augmentation: augmentation.looseSchema,
  /** Pictures of each image. */
  copies: countSchema,
  seed: integerSchema,
  /** An existing folder that the PNG files are written to. */
  out: v.string(),
});

/** Says what the engine runs on: versions, device, threads. */
const probeJob = v.object({ kind: v.literal('probe') });

export const jobSchema = immutable(
  v.variant('kind', [
    trainJob,
    measureJob,
    evaluateJob,
    predictJob,
    tryJob,
    mergeJob,
    augmentJob,
    probeJob,
  ]),
);
export type Job = v.InferOutput<typeof jobSchema>;

type JobOf<K extends Job['kind']> = Extract<Job, { readonly kind: K }>;
export type TrainJob = JobOf<'train'>;
export type BenchmarkJob = JobOf<'benchmark'>;
export type EvaluateJob = JobOf<'evaluate'>;
export type PredictJob = JobOf<'predict'>;
export type InteractivePredictJob = JobOf<'interactive-predict'>;
export type MergeJob = JobOf<'merge'>;
export type AugmentJob = JobOf<'augment'>;
