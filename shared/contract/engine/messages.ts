import * as v from 'valibot';
import { deviceReportSchema } from '../../domain/device.ts';
import { errorReportSchema } from '../../domain/error-report.ts';
import { immutable } from '../../domain/immutable.ts';
import { metricRecordSchema, predictionSchema, sampleRecordSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema } from '../../domain/scalars.ts';
import { jobSchema } from './jobs.ts';
import { jobResultSchema } from './results.ts';

/**
 * What host and engine say to each other. One engine process does one job and ends. The host sends one message of type
 * `start`, then others; the engine answers with events, the last of which is `done` or `error`. Each checks what it is
 * sent. Anything that does not parse is a fault of ours and ends the job with `internal`.
 */

/** Host to engine. */
export const hostMessageSchema = immutable(
  v.variant('type', [
    v.object({ type: v.literal('start'), job: jobSchema, cacheDir: v.string() }),
    v.object({ type: v.literal('pause') }),
    v.object({ type: v.literal('resume') }),
    /** Ends training at the next step, keeps the best adapter so far, ends with `done`. */
    v.object({ type: v.literal('stop') }),
    /** Writes a checkpoint and ends with `error` of code `cancelled`; the run can be resumed. */
    v.object({ type: v.literal('suspend') }),
    /** For a job `try`; answered by an `answer` of the same id, in the order of asking. */
    v.object({
      type: v.literal('question'),
      id: countSchema,
      paths: v.array(v.string()),
      top: countSchema,
    }),
  ]),
);
export type HostMessage = v.InferOutput<typeof hostMessageSchema>;

/** What can be asked of any job between two steps. */
export type Control = Exclude<HostMessage['type'], 'start' | 'question'>;

const fileAnswerSchema = immutable(
  v.union([
    v.object({ predictions: v.array(predictionSchema) }),
    v.object({ error: errorReportSchema }),
  ]),
);
/** What a model says of one file. */
export type FileAnswer = v.InferOutput<typeof fileAnswerSchema>;

/** What is being done; windows and the command line have words for them. */
const phaseSchema = v.picklist([
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
]);

/** Engine to host. */
export const engineEventSchema = immutable(
  v.variant('type', [
    v.object({ type: v.literal('ready'), device: deviceReportSchema }),
    v.object({
      type: v.literal('progress'),
      phase: phaseSchema,
      done: finiteSchema,
      total: finiteSchema,
      secondsLeft: v.nullable(finiteSchema),
    }),
    v.object({ type: v.literal('metrics'), record: metricRecordSchema }),
    v.object({ type: v.literal('samples'), record: sampleRecordSchema }),
    v.object({
      type: v.literal('log'),
      level: v.picklist(['info', 'warning']),
      message: v.string(),
      path: v.exactOptional(v.string()),
    }),
    v.object({
      type: v.literal('checkpoint'),
      step: countSchema,
      epoch: finiteSchema,
      path: v.string(),
    }),
    v.object({ type: v.literal('state'), state: v.picklist(['running', 'paused']) }),
    v.object({
      type: v.literal('prediction'),
      path: v.string(),
      predictions: v.array(predictionSchema),
    }),
    v.object({ type: v.literal('unreadable'), path: v.string(), error: errorReportSchema }),
    /** One for each path of the question, in its order. */
    v.object({ type: v.literal('answer'), id: countSchema, answers: v.array(fileAnswerSchema) }),
    v.object({ type: v.literal('done'), result: jobResultSchema }),
    v.object({ type: v.literal('error'), error: errorReportSchema }),
  ]),
);
export type EngineEvent = v.InferOutput<typeof engineEventSchema>;
