import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { countSchema, finiteSchema } from './scalars.ts';

/** Further metrics of a task, by its own names; omitted by single-label classification. */
const ownMetrics = v.exactOptional(v.record(v.string(), finiteSchema));

const classMetrics = v.object({
  label: v.string(),
  n: countSchema,
  precision: finiteSchema,
  recall: finiteSchema,
  f1: finiteSchema,
});

/**
 * Evaluation of a classifier on n images. Fractions, not per cent. With several labels per image, a
 * prediction is right if it is one of them, and `confusion` is empty.
 */
export const evaluationSchema = immutable(
  v.object({
    n: countSchema,
    top1: finiteSchema,
    top5: finiteSchema,
    /** Mean of the task's loss; cross-entropy in nats. */
    loss: finiteSchema,
    macroF1: finiteSchema,
    perClass: v.array(classMetrics),
    /** `confusion[truth][predicted]`, counts. */
    confusion: v.array(v.array(countSchema)),
    metrics: ownMetrics,
  }),
);
export type Evaluation = v.InferOutput<typeof evaluationSchema>;
export type ClassMetrics = Evaluation['perClass'][number];

/** One line of a run's `metrics.jsonl`. `step` counts optimizer updates from 1 and never restarts. */
export const metricRecordSchema = immutable(
  v.variant('kind', [
    v.object({
      kind: v.literal('train'),
      step: countSchema,
      epoch: finiteSchema,
      loss: finiteSchema,
      top1: finiteSchema,
      learningRate: finiteSchema,
      gradientNorm: finiteSchema,
      imagesPerSecond: finiteSchema,
      /** Fraction of the step's wall time spent waiting for images, 0..1. */
      waiting: finiteSchema,
    }),
    v.object({
      kind: v.literal('validation'),
      step: countSchema,
      epoch: finiteSchema,
      loss: finiteSchema,
      top1: finiteSchema,
      best: v.boolean(),
      metrics: ownMetrics,
    }),
  ]),
);
export type MetricRecord = v.InferOutput<typeof metricRecordSchema>;

export const predictionSchema = immutable(
  v.object({ label: v.string(), probability: finiteSchema }),
);
export type Prediction = v.InferOutput<typeof predictionSchema>;

/**
 * One line of a run's `samples.jsonl`: predictions on the same few validation images after a
 * validation.
 */
export const sampleRecordSchema = immutable(
  v.object({
    step: countSchema,
    epoch: finiteSchema,
    images: v.array(
      v.object({
        path: v.string(),
        truth: v.string(),
        /** The top predictions, most likely first. */
        predictions: v.array(predictionSchema),
      }),
    ),
  }),
);
export type SampleRecord = v.InferOutput<typeof sampleRecordSchema>;

/** An exported model's reading of image files, compared with ours. */
const filesVerification = v.object({
  images: countSchema,
  /** Images that this reading does not cover, as the format's notes say. */
  leftOut: countSchema,
  /** Of a pixel, in steps of 8 bits. */
  maxPixelDiff: finiteSchema,
  maxProbabilityDiff: finiteSchema,
  /** Fraction of images with equal top-1 predictions, 0..1. */
  top1Agreement: finiteSchema,
});

export type FilesVerification = v.InferOutput<typeof filesVerification>;

/** Difference of two forms of one model on the same images. */
export const verificationSchema = immutable(
  v.object({
    images: countSchema,
    /** Of the logits, or of what `of` names. */
    maxAbsDiff: finiteSchema,
    of: v.exactOptional(v.literal('probabilities')),
    tolerance: finiteSchema,
    /** Fraction of images with equal top-1 predictions, 0..1. */
    top1Agreement: finiteSchema,
    /** Fraction of images that each predicts right, 0..1, where that is what counts. */
    accuracy: v.exactOptional(v.object({ adapted: finiteSchema, exported: finiteSchema })),
    files: v.exactOptional(filesVerification),
  }),
);
export type Verification = v.InferOutput<typeof verificationSchema>;
