import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import { parentAdapterSchema, runEntries } from '../../domain/library.ts';
import { metricRecordSchema, predictionSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema, idSchema } from '../../domain/scalars.ts';
import { looseTrainingSchema, looseTuningSchema } from '../../training/config.ts';
import { mediaSchema, nameSchema, notesTextSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

/** The current activity of a running run. */
export const runProgress = v.object({
  /** The engine's phase: `compiling`, `training`, `validating`, … */
  phase: v.string(),
  done: countSchema,
  total: countSchema,
  secondsLeft: v.nullable(finiteSchema),
  imagesPerSecond: v.nullable(finiteSchema),
  /** The run's `activeSeconds` at this moment: the run itself is told less often. */
  activeSeconds: v.nullable(finiteSchema),
});
export type RunProgress = v.InferOutput<typeof runProgress>;

export const runView = v.object({
  ...runEntries,
  projectId: v.nullable(idSchema),
  notes: v.string(),
  /** The adapter that it started from. */
  parent: v.nullable(parentAdapterSchema),
  /** Steps in the whole run. */
  totalSteps: countSchema,
  /** From 0; null unless it is queued. */
  queuePosition: v.nullable(countSchema),
  progress: v.nullable(runProgress),
});
export type RunView = v.InferOutput<typeof runView>;

/** A plan: what settings mean before anything is started. */
export const runPlan = v.object({
  adapterParameters: countSchema,
  headParameters: countSchema,
  backboneParameters: countSchema,
  adapterBytes: countSchema,
  steps: countSchema,
  /**
   * Estimated memory of the training, null when settings are out of their limits; and free memory.
   */
  memoryBytes: v.nullable(countSchema),
  memoryFreeBytes: countSchema,
  /** Number of checkpointed blocks to make it fit, and of all blocks. */
  checkpointedBlocks: countSchema,
  blocks: countSchema,
  /** From steps measured with these settings on this machine; null without such. */
  seconds: v.nullable(finiteSchema),
  /**
   * Problems of settings (out of limits, incompatible) by dotted name; `dataset` for the images.
   */
  problems: v.array(
    v.object({
      setting: v.string(),
      /** A run with errors is refused; one with warnings is probably a mistake. */
      severity: v.picklist(['error', 'warning']),
      error: errorReportSchema,
    }),
  ),
});
export type RunPlan = v.InferOutput<typeof runPlan>;

/** What a training from an adapter is bound to, and what becomes of its classes. */
export const runStart = v.object({
  adapterId: idSchema,
  adapterName: v.string(),
  /** null when it was trained from random weights. */
  backboneId: v.nullable(idSchema),
  /** Of its run, if it is in the library. */
  datasetId: v.nullable(idSchema),
  tuning: looseTuningSchema,
  /** As the setting has it: 0 for the backbone's own. */
  imageSize: countSchema,
  initialize: v.picklist(['backbone', 'random']),
  /** On the dataset asked about, in its words, the dropped in the adapter's; null without one. */
  classes: v.nullable(
    v.object({
      kept: v.array(v.string()),
      added: v.array(v.string()),
      dropped: v.array(v.string()),
    }),
  ),
});
export type RunStart = v.InferOutput<typeof runStart>;

/** Predictions on the same few validation images after each validation. */
export const sampleSet = v.object({
  epoch: finiteSchema,
  images: v.array(
    v.object({ media: mediaSchema, truth: v.string(), predictions: v.array(predictionSchema) }),
  ),
});
export type SampleSet = v.InferOutput<typeof sampleSet>;

export const logLine = v.object({
  at: v.string(),
  level: v.picklist(['info', 'warning', 'error']),
  message: v.string(),
});
export type LogLine = v.InferOutput<typeof logLine>;

const one = v.strictObject({ id: idSchema });
const settings = { backboneId: idSchema, datasetId: idSchema, config: looseTrainingSchema };

export const runProcedures = {
  'runs.list': procedure(nothingSchema, v.array(runView)),
  'runs.get': procedure(one, runView),
  'runs.plan': procedure(v.strictObject({ ...settings, datasetId: v.nullable(idSchema) }), runPlan),
  /** Times a few steps with these settings, for the estimate of `runs.plan`. */
  'runs.benchmark': procedure(v.strictObject(settings), task),
  /** Queues a run. */
  'runs.create': procedure(
    v.strictObject({
      ...settings,
      projectId: v.nullable(idSchema),
      name: v.nullable(nameSchema),
      /** The adapter to start from instead of the backbone. */
      fromId: v.optional(idSchema),
    }),
    runView,
  ),
  /** What a training from an adapter is bound to, on a dataset or on that of its run. */
  'runs.start': procedure(
    v.strictObject({ adapterId: idSchema, datasetId: v.nullable(idSchema) }),
    runStart,
  ),
  'runs.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), runView),
  'runs.note': procedure(v.strictObject({ id: idSchema, notes: notesTextSchema }), runView),
  /** Moves its folder to the bin; its adapter stays in the library. */
  'runs.remove': procedure(one, nothingSchema),
  'runs.pause': procedure(one, runView),
  /** Resumes a paused run; queues an interrupted or failed one. */
  'runs.resume': procedure(one, runView),
  /** Stops it at the next step and keeps the best adapter. Removes a queued one from the queue. */
  'runs.stop': procedure(one, runView),
  /**
   * Moves a queued run before another; `null` for the end. By run, since positions may have
   * changed.
   */
  'runs.move': procedure(
    v.strictObject({ id: idSchema, before: v.nullable(idSchema) }),
    v.array(runView),
  ),
  /** Extends a finished run by a number of epochs; queued. */
  'runs.extend': procedure(
    v.strictObject({
      id: idSchema,
      epochs: v.pipe(countSchema, v.minValue(1), v.maxValue(10_000)),
    }),
    runView,
  ),
  /**
   * The records after that step, oldest first: `limit` if there are as many, plus the rest of the
   * last step, so that the next page can continue after it.
   */
  'runs.metrics': procedure(
    v.strictObject({
      id: idSchema,
      afterStep: countSchema,
      limit: v.optional(v.pipe(countSchema, v.minValue(1))),
    }),
    v.array(metricRecordSchema),
  ),
  'runs.samples': procedure(one, v.array(sampleSet)),
  /** The last lines. */
  'runs.log': procedure(one, v.array(logLine)),
};
