import * as v from 'valibot';
import { foundBackboneSchema } from '../../domain/backbone-sources.ts';
import { errorReportSchema } from '../../domain/error-report.ts';
import { exportNotesSchema } from '../../domain/export-words.ts';
import { verificationSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema, fractionSchema, idSchema } from '../../domain/scalars.ts';
import { datasetOutlook, growthOutlook } from './dataset-source.ts';
import { nothingSchema } from './inputs.ts';
import { procedure } from './procedure.ts';

/**
 * Long work other than training: independent of windows, cancellable, and announced by the event
 * `task` at every change. A procedure that starts one returns it immediately.
 */
export const TASK_KINDS = [
  'dataset-preview',
  'dataset-import',
  'dataset-check',
  'dataset-look',
  'dataset-growth',
  'backbone-add',
  'backbone-get',
  'backbone-find',
  'adapter-import',
  'evaluate',
  'merge',
  'export',
  'predict-folder',
  'benchmark',
  'sample',
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** The result of a finished task. */
export const taskResult = v.variant('kind', [
  /** `problems` without notes. */
  v.object({ kind: v.literal('dataset'), datasetId: idSchema, problems: countSchema }),
  v.object({ kind: v.literal('outlook'), outlook: datasetOutlook }),
  v.object({ kind: v.literal('growth'), outlook: growthOutlook }),
  v.object({ kind: v.literal('backbone'), backboneId: idSchema }),
  v.object({ kind: v.literal('found'), found: v.array(foundBackboneSchema) }),
  v.object({
    kind: v.literal('adapter'),
    adapterId: idSchema,
    /** Name of an adapter with the same weights, which the library had already. */
    sameAs: v.nullable(v.string()),
  }),
  v.object({ kind: v.literal('evaluation'), evaluationId: idSchema }),
  v.object({
    kind: v.literal('written'),
    out: v.string(),
    /** null for the adapter folder and the `.karst` file, which are plain copies. */
    verification: v.nullable(verificationSchema),
    notes: exportNotesSchema,
  }),
  v.object({
    kind: v.literal('predictions'),
    out: v.string(),
    images: countSchema,
    unreadable: countSchema,
    /** The first rows, with the likeliest class; its label is null where there is none. */
    rows: v.array(
      v.object({
        file: v.string(),
        label: v.nullable(v.string()),
        probability: v.nullable(fractionSchema),
      }),
    ),
  }),
  v.object({
    kind: v.literal('benchmark'),
    secondsPerStep: finiteSchema,
    /** Until the first step: loading and compiling. */
    startSeconds: finiteSchema,
    peakBytes: countSchema,
  }),
  v.object({ kind: v.literal('sample'), projectId: idSchema, runId: idSchema }),
]);
export type TaskResult = v.InferOutput<typeof taskResult>;

export const task = v.object({
  id: idSchema,
  kind: v.picklist(TASK_KINDS),
  /** Display name of its subject. */
  subject: v.string(),
  state: v.picklist(['running', 'done', 'failed', 'cancelled']),
  /** Key of its phase (`checking`, `compiling`, …), with a text in the window. */
  phase: v.string(),
  done: countSchema,
  /** 0 while unknown. */
  total: countSchema,
  secondsLeft: v.nullable(finiteSchema),
  /** Hosts of the network that it has asked. */
  hosts: v.array(v.string()),
  result: v.nullable(taskResult),
  error: v.nullable(errorReportSchema),
  startedAt: v.string(),
});
export type Task = v.InferOutput<typeof task>;

const one = v.strictObject({ id: idSchema });

export const taskProcedures = {
  /** Running tasks, and finished ones not dismissed, newest first. */
  'tasks.list': procedure(nothingSchema, v.array(task)),
  'tasks.cancel': procedure(one, task),
  /** Removes a finished one from the list. */
  'tasks.dismiss': procedure(one, nothingSchema),
};
