import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import { runEntries } from '../../domain/library.ts';
import { metricRecordSchema, predictionSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema, idSchema } from '../../domain/scalars.ts';
import { looseTrainingSchema } from '../../training/config.ts';
import { mediaSchema, nameSchema, notesTextSchema, nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';
import { task } from './tasks.ts';

/** What a running run does at this moment. */
export const runProgress = v.object({
  /** As the engine names it: `compiling`, `training`, `validating`, … */
  phase: v.string(),
  done: countSchema,
  total: countSchema,
  secondsLeft: v.nullable(finiteSchema),
  imagesPerSecond: v.nullable(finiteSchema),
});
export type RunProgress = v.InferOutput<typeof runProgress>;

export const runView = v.object({
  ...runEntries,
  projectId: v.nullable(idSchema),
  notes: v.string(),
  /** Steps in the whole run. */
  totalSteps: countSchema,
  /** From 0; null unless it waits in the queue. */
  queuePosition: v.nullable(countSchema),
  progress: v.nullable(runProgress),
});
export type RunView = v.InferOutput<typeof runView>;

/** What settings mean before anything is started. */
export const runPlan = v.object({
  adapterParameters: countSchema,
  headParameters: countSchema,
  backboneParameters: countSchema,
  adapterBytes: countSchema,
  steps: countSchema,
  /** Estimate of what training needs, null when settings are out of their limits; and what is free. */
  memoryBytes: v.nullable(countSchema),
  memoryFreeBytes: countSchema,
  /** Blocks, of how many, that are computed again in the backward pass so that it fits. */
  checkpointedBlocks: countSchema,
  blocks: countSchema,
  /** From steps measured with these settings on this machine; null when none were. */
  seconds: v.nullable(finiteSchema),
  /** Settings that are out of their limits or do not go together, by the setting's dotted name; `dataset` for the images. */
  problems: v.array(
    v.object({
      setting: v.string(),
      /** A run with errors is refused; one with warnings is not what was likely meant. */
      severity: v.picklist(['error', 'warning']),
      error: errorReportSchema,
    }),
  ),
});
export type RunPlan = v.InferOutput<typeof runPlan>;

/** The answers on the same few validation images after each validation. */
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
  /** Takes a few steps with these settings, so that `runs.plan` can say how long they take. */
  'runs.benchmark': procedure(v.strictObject(settings), task),
  /** Queues a run; it starts when those before it have ended. */
  'runs.create': procedure(
    v.strictObject({ ...settings, projectId: v.nullable(idSchema), name: v.nullable(nameSchema) }),
    runView,
  ),
  'runs.rename': procedure(v.strictObject({ id: idSchema, name: nameSchema }), runView),
  'runs.note': procedure(v.strictObject({ id: idSchema, notes: notesTextSchema }), runView),
  /** Moves its folder to the bin; its adapter stays in the library. */
  'runs.remove': procedure(one, nothingSchema),
  'runs.pause': procedure(one, runView),
  /** Goes on with a paused run; puts an interrupted or failed one back into the queue. */
  'runs.resume': procedure(one, runView),
  /** Ends it at the next step and keeps the best adapter. Takes a waiting one out of the queue. */
  'runs.stop': procedure(one, runView),
  /** Puts a waiting run before another that waits; `null`: behind all. A place may have changed meanwhile, a run not. */
  'runs.move': procedure(
    v.strictObject({ id: idSchema, before: v.nullable(idSchema) }),
    v.array(runView),
  ),
  /** So many more epochs for a finished run, from where it ended; queued. */
  'runs.extend': procedure(
    v.strictObject({
      id: idSchema,
      epochs: v.pipe(countSchema, v.minValue(1), v.maxValue(10_000)),
    }),
    runView,
  ),
  /**
   * The records after that step, oldest first. At least `limit` of them, as far as there are so many, and all of the
   * last of these steps, so that the next page goes on after it.
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
