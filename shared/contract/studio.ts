import * as v from 'valibot';
import type { ErrorReport } from '../domain/errors.ts';
import { adapterProcedures } from './studio/adapters.ts';
import { backboneProcedures } from './studio/backbones.ts';
import { datasetProcedures } from './studio/datasets.ts';
import type { Procedure } from './studio/procedure.ts';
import { projectProcedures } from './studio/projects.ts';
import { logLine, runProcedures, runProgress, runView, sampleSet } from './studio/runs.ts';
import { shellProcedures } from './studio/shell.ts';
import { systemProcedures } from './studio/system.ts';
import { task, taskProcedures } from './studio/tasks.ts';
import { errorReport, id, metricRecord } from './studio/values.ts';

/**
 * The bridge between the window and the host: procedures that the window calls, events that the host sends to
 * every window. The same over Electron's one channel and over the WebSocket of `karst serve`.
 */
export const HOST_PROCEDURES = {
  ...systemProcedures,
  ...taskProcedures,
  ...projectProcedures,
  ...datasetProcedures,
  ...backboneProcedures,
  ...runProcedures,
  ...adapterProcedures,
};
export const SHELL_PROCEDURES = shellProcedures;
export const PROCEDURES = { ...HOST_PROCEDURES, ...SHELL_PROCEDURES };

type Table = typeof PROCEDURES;
export type ProcedureName = keyof Table;
export type HostProcedureName = keyof typeof HOST_PROCEDURES;
export type ShellProcedureName = keyof typeof SHELL_PROCEDURES;
export type Input<N extends ProcedureName> =
  Table[N] extends Procedure<infer I, unknown> ? I : never;
export type Output<N extends ProcedureName> = Table[N] extends {
  output: v.GenericSchema<unknown, infer O>;
}
  ? O
  : never;

/** One function a procedure: what a host, and each shell, must have. */
export type Handlers<N extends ProcedureName> = {
  readonly [K in N]: (input: Input<K>) => Output<K> | Promise<Output<K>>;
};

/** Lists that may have changed; a window asks again for those that it shows. */
export const LIBRARY_PARTS = [
  'projects',
  'datasets',
  'backbones',
  'runs',
  'adapters',
  'evaluations',
  'bin',
  'settings',
] as const;

export const EVENTS = {
  library: v.object({ part: v.picklist(LIBRARY_PARTS), id: v.nullable(id) }),
  task,
  run: runView,
  runProgress: v.object({ runId: id, progress: runProgress }),
  /**
   * What came since the last. A run that goes on from a checkpoint tells anew what it had told beyond it: a record
   * takes the place of the one of its kind and step, and of all of later steps.
   */
  metrics: v.object({ runId: id, records: v.array(metricRecord) }),
  samples: v.object({ runId: id, samples: sampleSet }),
  log: v.object({ runId: id, lines: v.array(logLine) }),
  /** Something that happened aside from what was asked, to be told once. */
  notice: v.object({ level: v.picklist(['info', 'warning', 'error']), error: errorReport }),
  /** The window shall show that place (a path of its router): a menu, a notification or an opened file asks for it. */
  navigate: v.object({ to: v.string() }),
  /** The host ended by itself; `shell.restart` starts it anew. */
  hostGone: v.object({ reason: v.string() }),
};
export type EventName = keyof typeof EVENTS;
export type EventPayload<N extends EventName> = v.InferOutput<(typeof EVENTS)[N]>;

/** Window to host. `id` is the window's own number of the call. */
export const callSchema = v.strictObject({
  type: v.literal('call'),
  id: v.pipe(v.number(), v.integer()),
  procedure: v.string(),
  input: v.unknown(),
});
export type Call = v.InferOutput<typeof callSchema>;

/** Host to window. */
export const replySchema = v.variant('type', [
  v.object({ type: v.literal('answer'), id: v.number(), output: v.unknown() }),
  v.object({ type: v.literal('refusal'), id: v.number(), error: errorReport }),
  v.object({ type: v.literal('event'), event: v.string(), payload: v.unknown() }),
]);
export type Reply =
  | { readonly type: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: ErrorReport }
  | { readonly type: 'event'; readonly event: string; readonly payload: unknown };
