import * as v from 'valibot';
import { deviceReportSchema } from '../../domain/device.ts';
import { errorReportSchema } from '../../domain/error-report.ts';
import { immutable } from '../../domain/immutable.ts';
import { metricRecordSchema, predictionSchema, sampleRecordSchema } from '../../domain/metrics.ts';
import { countSchema, finiteSchema } from '../../domain/scalars.ts';
import { jobSchema } from './jobs.ts';
import { jobResultSchema } from './results.ts';

/**
 * The messages between host and engine. One engine process runs one job and exits. The host sends
 * `start`, then others; the engine sends events, the last of which is `done` or `error`. Both
 * validate what they receive. An invalid message is our bug and fails the job with `internal`.
 */

/** Host to engine. */
export const hostMessageSchema = immutable(
  v.variant('type', [
    v.object({ type: v.literal('start'), job: jobSchema, cacheDir: v.string() }),
    v.object({ type: v.literal('pause') }),
    v.object({ type: v.literal('resume') }),
    /** Stops training at the next step, keeps the best adapter, ends with `done`. */
    v.object({ type: v.literal('stop') }),
    /** Writes a checkpoint and ends with `error` of code `cancelled`; the run can be resumed. */
    v.object({ type: v.literal('suspend') }),
    /** For a job `interactive-predict`; answered by an `answer` with the same id, in order. */
    v.object({
      type: v.literal('question'),
      id: countSchema,
      paths: v.array(v.string()),
      top: countSchema,
    }),
  ]),
);
export type HostMessage = v.InferOutput<typeof hostMessageSchema>;

/** Controls that any job handles between two steps. */
export type Control = Exclude<HostMessage['type'], 'start' | 'question'>;

const fileAnswerSchema = immutable(
  v.union([
    v.object({ predictions: v.array(predictionSchema) }),
    v.object({ error: errorReportSchema }),
  ]),
);
/** A model's predictions for one file. */
export type FileAnswer = v.InferOutput<typeof fileAnswerSchema>;

/** The phases of a job; windows and the command line have texts for them. */
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
    /** After the first step of a process: where the seconds before its end went. */
    v.object({
      type: v.literal('first-step'),
      /** Loading TensorFlow and the kernels. */
      tensorflow: finiteSchema,
      /** Reading the weights, building the graph and opening its session. */
      graph: finiteSchema,
      /** Waiting for the first batch. */
      images: finiteSchema,
      /** Compiling, or loading what is compiled, and the step itself. */
      xla: finiteSchema,
    }),
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
    /** One per path of the question, in order. */
    v.object({ type: v.literal('answer'), id: countSchema, answers: v.array(fileAnswerSchema) }),
    v.object({ type: v.literal('done'), result: jobResultSchema }),
    v.object({ type: v.literal('error'), error: errorReportSchema }),
  ]),
);
export type EngineEvent = v.InferOutput<typeof engineEventSchema>;
