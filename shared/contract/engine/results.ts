import * as v from 'valibot';
import { deviceReportSchema } from '../../domain/device.ts';
import { errorReportSchema } from '../../domain/error-report.ts';
import { exportNotesSchema } from '../../domain/export-words.ts';
import { immutable } from '../../domain/immutable.ts';
import { evaluationSchema, predictionSchema, verificationSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema } from '../../domain/scalars.ts';

/** The result of a finished job. */

const trainResult = v.object({
  kind: v.literal('train'),
  adapterDir: v.string(),
  trainableParameters: countSchema,
  adapterParameters: countSchema,
  headParameters: countSchema,
  steps: countSchema,
  epochs: finiteSchema,
  bestEpoch: finiteSchema,
  stoppedEarly: v.boolean(),
  /** Of the best epoch; null when the run has no validation images. */
  val: v.nullable(evaluationSchema),
});

/** Times are medians, in seconds. */
const measureResult = v.object({
  kind: v.literal('benchmark'),
  device: deviceReportSchema,
  /** One optimizer update with all its batches; averaged over the schedule if steps differ. */
  secondsPerStep: finiteSchema,
  /** One validation batch; with cached features, one batch of the feature pass. */
  secondsPerValidationBatch: finiteSchema,
  /** Until the end of the first update: loading, building, compiling. */
  startSeconds: finiteSchema,
  /** Peak memory of the process. */
  peakBytes: countSchema,
});

const evaluateResult = v.object({
  kind: v.literal('evaluate'),
  evaluation: evaluationSchema,
  /** One row per image of the manifest, in order; null for an unreadable one. */
  rows: v.array(v.nullable(v.array(predictionSchema))),
  problems: v.array(v.object({ path: v.string(), error: errorReportSchema })),
});

const mergeResult = v.object({
  kind: v.literal('merge'),
  out: v.string(),
  verification: verificationSchema,
  notes: exportNotesSchema,
});

const augmentResult = v.object({
  kind: v.literal('augment'),
  /** Per image the names of its files in `out`; none if it is unreadable. */
  images: v.array(v.array(v.string())),
  problems: v.array(v.object({ index: countSchema, error: errorReportSchema })),
});

export const jobResultSchema = immutable(
  v.variant('kind', [
    trainResult,
    measureResult,
    evaluateResult,
    v.object({ kind: v.literal('predict') }),
    v.object({ kind: v.literal('interactive-predict') }),
    mergeResult,
    augmentResult,
    v.object({ kind: v.literal('probe'), device: deviceReportSchema }),
  ]),
);
export type JobResult = v.InferOutput<typeof jobResultSchema>;

type ResultOf<K extends JobResult['kind']> = Extract<JobResult, { readonly kind: K }>;
export type TrainResult = ResultOf<'train'>;
export type BenchmarkResult = ResultOf<'benchmark'>;
export type EvaluateResult = ResultOf<'evaluate'>;
export type PredictResult = ResultOf<'predict'>;
export type InteractivePredictResult = ResultOf<'interactive-predict'>;
export type MergeResult = ResultOf<'merge'>;
export type AugmentResult = ResultOf<'augment'>;
export type ProbeResult = ResultOf<'probe'>;
