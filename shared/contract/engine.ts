import * as v from 'valibot';
import type { Preprocessing } from '../domain/architecture.ts';
import type { Architecture } from '../models/registry.ts';
import { ERROR_CODES, type ErrorReport } from '../domain/errors.ts';
import type {
  Evaluation,
  MetricRecord,
  Prediction,
  SampleRecord,
  Verification,
} from '../domain/metrics.ts';
import type { AugmentationOptions, TrainingConfig } from '../domain/training.ts';

/**
 * What host and engine say to each other. One engine process does one job and ends. The host sends one
 * `JobMessage` of kind `start`, then controls; the engine answers with `EngineEvent`s, the last of which is
 * `done` or `error`. Anything that does not parse is a fault of ours and ends the job with `internal`.
 */

/** A backbone file as the engine needs it: weights referenced where they lie, checked against `sha256`. */
export interface BackboneReference {
  /** Absolute path of a safetensors file; null for a shape without weights (training from scratch). */
  readonly path: string | null;
  readonly sha256: string;
  readonly name: string;
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
}

export interface TrainJob {
  readonly kind: 'train';
  readonly runId: string;
  readonly runName: string;
  /** Folder of the run: `config.json`, `manifest.jsonl` are there already; the engine writes the rest. */
  readonly runDir: string;
  /** Folder the finished adapter is written to (must not exist). */
  readonly adapterDir: string;
  readonly backbone: BackboneReference;
  readonly config: TrainingConfig;
  /** Name of what is learnt, as in `shared/tasks`. */
  readonly task: string;
  readonly classes: readonly string[];
  /** Continue from the newest checkpoint that verifies; false starts afresh. */
  readonly resume: boolean;
  /** The step at which the run, which had ended there, was last given more epochs; null when it never was. */
  readonly extendedAt: number | null;
  /** Blocks, from the first, that are computed again in the backward pass, since memory is short; 0: none. */
  readonly recomputedBlocks: number;
}

/** Takes a few steps on random images with these settings, and keeps nothing but how long they took. */
export interface MeasureJob {
  readonly kind: 'measure';
  readonly backbone: BackboneReference;
  readonly config: TrainingConfig;
  /** As in a training. */
  readonly task: string;
  /** Number of classes. */
  readonly classes: number;
  /** Updates that are timed, after the first, which compiles. */
  readonly steps: number;
  /** As in a training. */
  readonly recomputedBlocks: number;
}

export interface EvaluateJob {
  readonly kind: 'evaluate';
  readonly adapterDir: string;
  readonly backbone: BackboneReference;
  /** JSON lines of `ManifestImage`, all of which are evaluated; labels index `classes` of the adapter. */
  readonly manifest: string;
  readonly batchSize: number;
}

export interface PredictJob {
  readonly kind: 'predict';
  readonly adapterDir: string;
  readonly backbone: BackboneReference;
  readonly paths: readonly string[];
  readonly top: number;
  readonly batchSize: number;
}

/** Keeps a model ready and answers questions about files until it is told to stop. */
export interface TryJob {
  readonly kind: 'try';
  readonly adapterDir: string;
  readonly backbone: BackboneReference;
}

export interface MergeJob {
  readonly kind: 'merge';
  readonly adapterDir: string;
  readonly backbone: BackboneReference;
  /** Folder to write (must not exist): `model.safetensors`, `config.json`, `preprocessor_config.json`, `labels.json`, `README.md`. */
  readonly out: string;
  /** JSON lines of `ManifestImage` on which adapted and merged model are compared. */
  readonly manifest: string;
  /** At most so many images of the manifest are used. */
  readonly verifyImages: number;
}

/** Draws what augmentation makes of some images. The one job that needs no TensorFlow: no `ready` is sent. */
export interface AugmentJob {
  readonly kind: 'augment';
  /** `sha256` empty: whatever is there now is taken. */
  readonly images: readonly { readonly path: string; readonly sha256: string }[];
  /** Its image size is the side of the pictures. */
  readonly preprocessing: Preprocessing;
  readonly augmentation: AugmentationOptions;
  /** Pictures of each image. */
  readonly copies: number;
  readonly seed: number;
  /** An existing folder that the PNG files are written to. */
  readonly out: string;
}

/** Says what the engine runs on: versions, device, threads. */
export interface ProbeJob {
  readonly kind: 'probe';
}

export type Job =
  TrainJob | MeasureJob | EvaluateJob | PredictJob | TryJob | MergeJob | AugmentJob | ProbeJob;

export type HostMessage =
  | { readonly type: 'start'; readonly job: Job; readonly cacheDir: string }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Ends training at the next step, keeps the best adapter so far, ends with `done`. */
  | { readonly type: 'stop' }
  /** Writes a checkpoint and ends with `error` of code `cancelled`; the run can be resumed. */
  | { readonly type: 'suspend' }
  /** For a job `try`; answered by an `answer` of the same id, in the order of asking. */
  | {
      readonly type: 'question';
      readonly id: number;
      readonly paths: readonly string[];
      readonly top: number;
    };

/** What can be asked of any job between two steps. */
export type Control = Exclude<HostMessage['type'], 'start' | 'question'>;

/** What a model says of one file. */
export type FileAnswer =
  { readonly predictions: readonly Prediction[] } | { readonly error: ErrorReport };

export interface DeviceReport {
  readonly backend: 'tensorflow' | 'tfjs-cpu';
  readonly tensorflow: string | null;
  readonly tfjs: string;
  /** The level of processors whose kernels of ours run, amx, avx512 or avx2; null: products stay with TensorFlow. */
  readonly kernels: string | null;
  /** Better kernels that are installed and stay off, since their check of themselves failed; the reason is a clause. */
  readonly kernelsOff: readonly { readonly level: string; readonly reason: string }[];
  /** Why the compiled resampling of images stays off, when it is installed and its check of itself failed; a clause. */
  readonly resamplingOff: string | null;
  /** Names of the devices TensorFlow found, CPU first. */
  readonly devices: readonly string[];
  readonly device: 'cpu' | 'gpu';
  readonly threads: number;
  readonly node: string;
}

export interface TrainResult {
  readonly kind: 'train';
  readonly adapterDir: string;
  readonly trainableParameters: number;
  readonly adapterParameters: number;
  readonly headParameters: number;
  readonly steps: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly stoppedEarly: boolean;
  /** Seconds of training over all sessions of the run. */
  readonly seconds: number;
  /** Of the best epoch; null when the run has no validation images. */
  readonly val: Evaluation | null;
}

/** Times are medians, in seconds. */
export interface MeasureResult {
  readonly kind: 'measure';
  readonly device: DeviceReport;
  /** One update of the optimizer, all its batches together; over the whole schedule where steps differ. */
  readonly secondsPerStep: number;
  /** One batch of a validation; where features are kept, one batch of the pass that makes them. */
  readonly secondsPerValidationBatch: number;
  /** Until the first update was done: loading, building, compiling. */
  readonly startSeconds: number;
  /** Most memory that the process held at once. */
  readonly peakBytes: number;
}

export interface EvaluateResult {
  readonly kind: 'evaluate';
  readonly evaluation: Evaluation;
  /** One row per image of the manifest, in its order; null for one that could not be read. */
  readonly rows: readonly (readonly Prediction[] | null)[];
  readonly problems: readonly { readonly path: string; readonly error: ErrorReport }[];
}

export interface PredictResult {
  readonly kind: 'predict';
}

export interface TryResult {
  readonly kind: 'try';
}

export interface MergeResult {
  readonly kind: 'merge';
  readonly out: string;
  readonly verification: Verification;
}

export interface AugmentResult {
  readonly kind: 'augment';
  /** Per image of the job the names of its files in `out`, none when it could not be read. */
  readonly images: readonly (readonly string[])[];
  readonly problems: readonly { readonly index: number; readonly error: ErrorReport }[];
}

export interface ProbeResult {
  readonly kind: 'probe';
  readonly device: DeviceReport;
}

export type JobResult =
  | TrainResult
  | MeasureResult
  | EvaluateResult
  | PredictResult
  | TryResult
  | MergeResult
  | AugmentResult
  | ProbeResult;

export type EngineEvent =
  | { readonly type: 'ready'; readonly device: DeviceReport }
  | {
      readonly type: 'progress';
      /** What is being done, a sentence fragment: "compiling the training step". */
      readonly phase:
        | 'loading'
        | 'decoding'
        | 'features'
        | 'compiling'
        | 'training'
        | 'measuring'
        | 'validating'
        | 'evaluating'
        | 'predicting'
        | 'merging'
        | 'verifying';
      readonly done: number;
      readonly total: number;
      readonly secondsLeft: number | null;
    }
  | { readonly type: 'metrics'; readonly record: MetricRecord }
  | { readonly type: 'samples'; readonly record: SampleRecord }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warning';
      readonly message: string;
      readonly path?: string;
    }
  | {
      readonly type: 'checkpoint';
      readonly step: number;
      readonly epoch: number;
      readonly path: string;
    }
  | { readonly type: 'state'; readonly state: 'running' | 'paused' }
  | {
      readonly type: 'prediction';
      readonly path: string;
      readonly predictions: readonly Prediction[];
    }
  | { readonly type: 'unreadable'; readonly path: string; readonly error: ErrorReport }
  /** One for each path of the question, in its order. */
  | { readonly type: 'answer'; readonly id: number; readonly answers: readonly FileAnswer[] }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'error'; readonly error: ErrorReport };

const errorReport = v.object({
  code: v.picklist(ERROR_CODES),
  message: v.string(),
  hint: v.string(),
  path: v.optional(v.string()),
  option: v.optional(v.string()),
});
const finite = v.pipe(v.number(), v.finite());
const prediction = v.object({ label: v.string(), probability: finite });
const evaluation = v.object({
  n: finite,
  top1: finite,
  top5: finite,
  loss: finite,
  macroF1: finite,
  perClass: v.array(
    v.object({ label: v.string(), n: finite, precision: finite, recall: finite, f1: finite }),
  ),
  confusion: v.array(v.array(finite)),
  metrics: v.exactOptional(v.record(v.string(), finite)),
});
const verification = v.object({
  images: finite,
  maxAbsDiff: finite,
  tolerance: finite,
  top1Agreement: finite,
});
const device = v.object({
  backend: v.picklist(['tensorflow', 'tfjs-cpu']),
  tensorflow: v.nullable(v.string()),
  tfjs: v.string(),
  kernels: v.nullable(v.string()),
  kernelsOff: v.array(v.object({ level: v.string(), reason: v.string() })),
  resamplingOff: v.nullable(v.string()),
  devices: v.array(v.string()),
  device: v.picklist(['cpu', 'gpu']),
  threads: finite,
  node: v.string(),
});
const metricRecord = v.variant('kind', [
  v.object({
    kind: v.literal('train'),
    step: finite,
    epoch: finite,
    loss: finite,
    top1: finite,
    learningRate: finite,
    gradientNorm: finite,
    imagesPerSecond: finite,
    waiting: finite,
  }),
  v.object({
    kind: v.literal('validation'),
    step: finite,
    epoch: finite,
    loss: finite,
    top1: finite,
    best: v.boolean(),
    metrics: v.exactOptional(v.record(v.string(), finite)),
  }),
]);
const sampleRecord = v.object({
  step: finite,
  epoch: finite,
  images: v.array(
    v.object({ path: v.string(), truth: v.string(), predictions: v.array(prediction) }),
  ),
});
const result = v.variant('kind', [
  v.object({
    kind: v.literal('train'),
    adapterDir: v.string(),
    trainableParameters: finite,
    adapterParameters: finite,
    headParameters: finite,
    steps: finite,
    epochs: finite,
    bestEpoch: finite,
    stoppedEarly: v.boolean(),
    seconds: finite,
    val: v.nullable(evaluation),
  }),
  v.object({
    kind: v.literal('measure'),
    device,
    secondsPerStep: finite,
    secondsPerValidationBatch: finite,
    startSeconds: finite,
    peakBytes: finite,
  }),
  v.object({
    kind: v.literal('evaluate'),
    evaluation,
    rows: v.array(v.nullable(v.array(prediction))),
    problems: v.array(v.object({ path: v.string(), error: errorReport })),
  }),
  v.object({ kind: v.literal('predict') }),
  v.object({ kind: v.literal('try') }),
  v.object({ kind: v.literal('merge'), out: v.string(), verification }),
  v.object({
    kind: v.literal('augment'),
    images: v.array(v.array(v.string())),
    problems: v.array(v.object({ index: finite, error: errorReport })),
  }),
  v.object({ kind: v.literal('probe'), device }),
]);

/** Checked by the host on every message that an engine sends. */
export const engineEventSchema = v.variant('type', [
  v.object({ type: v.literal('ready'), device }),
  v.object({
    type: v.literal('progress'),
    phase: v.picklist([
      'loading',
      'decoding',
      'features',
      'compiling',
      'training',
      'measuring',
      'validating',
      'evaluating',
      'predicting',
      'merging',
      'verifying',
    ]),
    done: finite,
    total: finite,
    secondsLeft: v.nullable(finite),
  }),
  v.object({ type: v.literal('metrics'), record: metricRecord }),
  v.object({ type: v.literal('samples'), record: sampleRecord }),
  v.object({
    type: v.literal('log'),
    level: v.picklist(['info', 'warning']),
    message: v.string(),
    path: v.optional(v.string()),
  }),
  v.object({ type: v.literal('checkpoint'), step: finite, epoch: finite, path: v.string() }),
  v.object({ type: v.literal('state'), state: v.picklist(['running', 'paused']) }),
  v.object({ type: v.literal('prediction'), path: v.string(), predictions: v.array(prediction) }),
  v.object({ type: v.literal('unreadable'), path: v.string(), error: errorReport }),
  v.object({
    type: v.literal('answer'),
    id: finite,
    answers: v.array(
      v.union([v.object({ predictions: v.array(prediction) }), v.object({ error: errorReport })]),
    ),
  }),
  v.object({ type: v.literal('done'), result }),
  v.object({ type: v.literal('error'), error: errorReport }),
]);
