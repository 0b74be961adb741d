import * as v from 'valibot';
import { exportTargetSchema } from '../../domain/export-target.ts';
import { immutable } from '../../domain/immutable.ts';
import { positionRuleSchema } from '../../domain/position-rule.ts';
import { preprocessingSchema } from '../../domain/preprocessing.ts';
import { countSchema, integerSchema } from '../../domain/scalars.ts';
import { architectureSchema } from '../../models/registry.ts';
import { augmentation } from '../../training/fields.ts';
import { looseTrainingSchema } from '../../training/config.ts';

/** The jobs of engine processes, one per process. */

/** A backbone for the engine: referenced in place, checked against `sha256`. */
const backboneReferenceSchema = immutable(
  v.object({
    /**
     * Absolute path of a file of weights or of the index of several; null for an architecture without
     * weights (training from scratch).
     */
    path: v.nullable(v.string()),
    sha256: v.string(),
    name: v.string(),
    architecture: architectureSchema,
    preprocessing: preprocessingSchema,
    /** Left out for what an earlier version added: `timm`. */
    positionRule: v.exactOptional(positionRuleSchema),
  }),
);
export type BackboneReference = v.InferOutput<typeof backboneReferenceSchema>;

/** The adapter whose weights a run starts from. */
const trainingStartSchema = immutable(
  v.object({
    /** Its folder: a copy that belongs to the run. */
    adapterDir: v.string(),
    name: v.string(),
    /** Of its weights. */
    sha256: v.string(),
    /** For each class of the run the row of the adapter's head; null for a class new to it. */
    rows: v.array(v.nullable(countSchema)),
  }),
);
export type TrainingStart = v.InferOutput<typeof trainingStartSchema>;

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
  /** Name of the task, as in `shared/tasks`. */
  task: v.string(),
  classes: v.array(v.string()),
  /** null: from the backbone, with fresh values of what the method adds. */
  start: v.nullable(trainingStartSchema),
  /** Continue from the newest checkpoint that verifies; false starts from the beginning. */
  resume: v.boolean(),
  /** The step at which the finished run was last extended; null if never. */
  extendedAt: v.nullable(countSchema),
  /** Number of checkpointed blocks, from the first; 0 for none. */
  checkpointedBlocks: countSchema,
});

/** Times a few steps on random images with these settings; stores nothing. */
const measureJob = v.object({
  kind: v.literal('benchmark'),
  backbone: backboneReferenceSchema,
  config: looseTrainingSchema,
  /** As in a training. */
  task: v.string(),
  /** Number of classes. */
  classes: countSchema,
  /** Timed updates, after the first, which compiles. */
  steps: countSchema,
  /** As in a training. */
  checkpointedBlocks: countSchema,
});

const onAdapter = { adapterDir: v.string(), backbone: backboneReferenceSchema };

const evaluateJob = v.object({
  kind: v.literal('evaluate'),
  ...onAdapter,
  /** JSON lines of `ManifestImage` to evaluate; labels are indices of the evaluated classes. */
  manifest: v.string(),
  batchSize: countSchema,
  /** Left out: the evaluated classes are the adapter's. */
  grouping: v.exactOptional(
    v.object({
      classes: v.array(v.string()),
      /** The evaluated class of each of the adapter's; several may have the same. */
      of: v.array(countSchema),
    }),
  ),
});

/** An adapter on its backbone; or without one the backbone with its own head, and the names of its classes. */
const predictor = {
  adapterDir: v.nullable(v.string()),
  backbone: backboneReferenceSchema,
  labels: v.exactOptional(v.array(v.string())),
};

const predictJob = v.object({
  kind: v.literal('predict'),
  ...predictor,
  paths: v.array(v.string()),
  /** Predictions per image. */
  top: countSchema,
  batchSize: countSchema,
});

/** Keeps a model loaded and predicts files on request until stopped. */
const tryJob = v.object({ kind: v.literal('interactive-predict'), ...predictor });

const mergeJob = v.object({
  kind: v.literal('merge'),
  ...onAdapter,
  target: exportTargetSchema,
  /** Folder to write (must not exist). */
  out: v.string(),
  /** JSON lines of `ManifestImage` on which the adapted and the written model are compared. */
  manifest: v.string(),
  /** Limit of images used from the manifest. */
  verifyImages: countSchema,
  /** Whether a model is kept that predicts fewer of the images right than the adapter. */
  acceptLoss: v.boolean(),
  /** Hash of the list of images that the adapter was trained on; null if unknown. */
  manifestSha256: v.nullable(v.string()),
  /** Of the backbone; null where nothing says one. */
  licence: v.nullable(v.string()),
});

/** Makes previews of augmented images. The only job without TensorFlow: it sends no `ready`. */
const augmentJob = v.object({
  kind: v.literal('augment'),
  /** An empty `sha256` accepts the current file. */
  images: v.array(v.object({ path: v.string(), sha256: v.string() })),
  /** Its image size is the side of the previews. */
  preprocessing: preprocessingSchema,
  augmentation: augmentation.looseSchema,
  /** Previews per image. */
  copies: countSchema,
  seed: integerSchema,
  /** An existing folder for the PNG files. */
  out: v.string(),
});

/** Reports versions, device and threads of the engine. */
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
