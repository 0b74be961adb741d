import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import { metricRecordSchema } from '../../domain/metrics.ts';
import { idSchema } from '../../domain/scalars.ts';
import { logLine, runProgress, runView, sampleSet } from './runs.ts';
import { task } from './tasks.ts';

/** Lists that may have changed; a window reloads those that it shows. */
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
  library: v.object({ part: v.picklist(LIBRARY_PARTS), id: v.nullable(idSchema) }),
  task,
  run: runView,
  runProgress: v.object({ runId: idSchema, progress: runProgress }),
  /**
   * Records since the last event. A run resumed from a checkpoint repeats later records: a record
   * replaces that of the same kind and step, and removes those of later steps.
   */
  metrics: v.object({ runId: idSchema, records: v.array(metricRecordSchema) }),
  samples: v.object({ runId: idSchema, samples: sampleSet }),
  log: v.object({ runId: idSchema, lines: v.array(logLine) }),
  /** A notice about something not requested, shown once. */
  notice: v.object({ level: v.picklist(['info', 'warning', 'error']), error: errorReportSchema }),
  /** Navigate to a route: requested by a menu, a notification or an opened file. */
  navigate: v.object({ to: v.string() }),
  /** The host exited unexpectedly; `shell.restart` restarts it. */
  hostGone: v.object({ reason: v.string() }),
};
export type EventName = keyof typeof EVENTS;
export type EventPayload<N extends EventName> = v.InferOutput<(typeof EVENTS)[N]>;
