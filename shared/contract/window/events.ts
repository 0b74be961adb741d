import * as v from 'valibot';
import { errorReportSchema } from '../../domain/error-report.ts';
import { metricRecordSchema } from '../../domain/metrics.ts';
import { idSchema } from '../../domain/scalars.ts';
import { logLine, runProgress, runView, sampleSet } from './runs.ts';
import { task } from './tasks.ts';

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
  library: v.object({ part: v.picklist(LIBRARY_PARTS), id: v.nullable(idSchema) }),
  task,
  run: runView,
  runProgress: v.object({ runId: idSchema, progress: runProgress }),
  /**
   * What came since the last. A run that goes on from a checkpoint tells anew what it had told beyond it: a record
   * takes the place of the one of its kind and step, and of all of later steps.
   */
  metrics: v.object({ runId: idSchema, records: v.array(metricRecordSchema) }),
  samples: v.object({ runId: idSchema, samples: sampleSet }),
  log: v.object({ runId: idSchema, lines: v.array(logLine) }),
  /** Something that happened aside from what was asked, to be told once. */
  notice: v.object({ level: v.picklist(['info', 'warning', 'error']), error: errorReportSchema }),
  /** The window shall show that place (a path of its router): a menu, a notification or an opened file asks for it. */
  navigate: v.object({ to: v.string() }),
  /** The host ended by itself; `shell.restart` starts it anew. */
  hostGone: v.object({ reason: v.string() }),
};
export type EventName = keyof typeof EVENTS;
export type EventPayload<N extends EventName> = v.InferOutput<(typeof EVENTS)[N]>;
