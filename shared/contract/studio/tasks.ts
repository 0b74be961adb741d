import * as v from 'valibot';
import { procedure } from './procedure.ts';
import { count, errorReport, finite, id, nothing, verification } from './values.ts';

/**
 * Long work that is not a training: it goes on when the window is closed or reloaded, can be cancelled, and is
 * told of by the event `task` at every change. A procedure that starts one answers with it at once.
 */
export const TASK_KINDS = [
  'dataset-import',
  'dataset-check',
  'backbone-add',
  'adapter-import',
  'evaluate',
  'merge',
  'export',
  'predict-folder',
  'measure',
  'sample',
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** What a finished task leaves. */
export const taskResult = v.variant('kind', [
  /** `problems` without what is only told. */
  v.object({ kind: v.literal('dataset'), datasetId: id, problems: count }),
  v.object({ kind: v.literal('backbone'), backboneId: id }),
  v.object({ kind: v.literal('adapter'), adapterId: id }),
  v.object({ kind: v.literal('evaluation'), evaluationId: id }),
  v.object({
    kind: v.literal('written'),
    out: v.string(),
    /** null for the adapter folder and the `.karst` file, which hold the adapter as it is. */
    verification: v.nullable(verification),
  }),
  v.object({ kind: v.literal('predictions'), out: v.string(), images: count, unreadable: count }),
  v.object({
    kind: v.literal('measured'),
    secondsPerStep: finite,
    /** Until the first step could be taken: loading and compiling. */
    startSeconds: finite,
    peakBytes: count,
  }),
  v.object({ kind: v.literal('sample'), projectId: id, runId: id }),
]);
export type TaskResult = v.InferOutput<typeof taskResult>;

export const task = v.object({
  id,
  kind: v.picklist(TASK_KINDS),
  /** Name of what it works on, for people. */
  subject: v.string(),
  state: v.picklist(['running', 'done', 'failed', 'cancelled']),
  /** Key of what is being done (`checking`, `compiling`, …): the window has its words. */
  phase: v.string(),
  done: count,
  /** 0 while it is not known. */
  total: count,
  secondsLeft: v.nullable(finite),
  result: v.nullable(taskResult),
  error: v.nullable(errorReport),
  startedAt: v.string(),
});
export type Task = v.InferOutput<typeof task>;

const one = v.strictObject({ id });

export const taskProcedures = {
  /** Those running, and those that ended and were not dismissed, the newest first. */
  'tasks.list': procedure(nothing, v.array(task)),
  'tasks.cancel': procedure(one, task),
  /** Takes an ended one off the list. */
  'tasks.dismiss': procedure(one, nothing),
};
