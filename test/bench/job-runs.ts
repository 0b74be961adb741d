import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { xlaCacheFlag } from '../../main/platform/engine-environment.mjs';
import { PerfSample, type PerfSplit } from './perf-split.ts';

/** One whole training, ours or the script's, as its lines told it. Seconds from the command on. */
export interface JobRun {
  readonly firstStep: number;
  /** Phases until the end of the first step, in seconds; null for the script. */
  readonly start: StartPhases | null;
  readonly epochs: readonly JobEpoch[];
  /** Processor time by what it was spent on; null unless it was asked for and `perf` is at hand. */
  readonly perf: PerfSplit | null;
}

/** Seconds from the command to the end of the first step. */
export interface StartPhases {
  /** The command line and the start of the engine's process. */
  readonly process: number;
  /** Loading TensorFlow and the kernels. */
  readonly tensorflow: number;
  /** Weights, the graph, and its session. */
  readonly graph: number;
  /** Waiting for the first batch. */
  readonly images: number;
  /** The first step: compiling or loading compiled programs, and the step itself. */
  readonly xla: number;
}

export interface JobEpoch {
  /** End of the epoch's validation. */
  readonly end: number;
  readonly top1: number;
  /** Training steps, with the waiting for images in them. */
  readonly steps: number;
  readonly waiting: number;
  readonly validation: number;
}

export interface OurRun {
  readonly home: string;
  readonly dataset: string;
  readonly backbone: string;
  readonly size: number;
  readonly epochs: number;
  readonly seed: number;
  /** Learning rate; null for the default. */
  readonly rate: number | null;
  /** Folder of the compiled programs and the decoded images. */
  readonly cache: string;
  /** Whether to sample the second epoch with `perf`. */
  readonly sampled: boolean;
}

export interface ScriptRun {
  readonly python: string;
  readonly backbone: string;
  /** List of the images; see `peers/job_peer.py`. */
  readonly list: string;
  readonly size: number;
  readonly epochs: number;
  readonly seed: number;
  readonly rate: number;
  readonly workers: number;
}

const JOB_BATCH = 16;

const KARST = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const SCRIPT = fileURLToPath(new URL('peers/job_peer.py', import.meta.url));
const DECIMALS = 1000;

const trainRecord = v.object({
  event: v.literal('metrics'),
  kind: v.literal('train'),
  waiting: v.number(),
});
const validationRecord = v.object({
  event: v.literal('metrics'),
  kind: v.literal('validation'),
  top1: v.number(),
});
const firstStep = v.object({
  event: v.literal('first-step'),
  tensorflow: v.number(),
  graph: v.number(),
  images: v.number(),
  xla: v.number(),
});
const ourLine = v.union([
  trainRecord,
  validationRecord,
  firstStep,
  // Events that nothing is measured by.
  v.object({ event: v.string() }),
]);

/** Where a run keeps compiled programs: an instruction set that is held to names a folder of its own. */
function cacheVariables(cache: string): Readonly<Record<string, string>> {
  return process.env['TF_XLA_FLAGS'] === undefined
    ? { KARST_CACHE: cache }
    : { KARST_CACHE: cache, TF_XLA_FLAGS: xlaCacheFlag(join(cache, 'xla')) };
}

/** Trains with the command line, as a user does. @throws if it fails */
export async function runOurs(run: OurRun): Promise<JobRun> {
  const words = [
    ...['--home', run.home, '--json', 'train', '--dataset', run.dataset],
    ...['--backbone', run.backbone, '--batch-size', String(JOB_BATCH)],
    ...['--image-size', String(run.size), '--epochs', String(run.epochs)],
    ...['--seed', String(run.seed), ...(run.rate === null ? [] : ['--lr', String(run.rate)])],
  ];
  const seen: {
    first: number | null;
    start: StartPhases | null;
    perf: PerfSample | null;
  } = { first: null, start: null, perf: null };
  const epochs: JobEpoch[] = [];
  /** Of the current epoch. */
  let began = 0;
  let waiting = 0;
  let trained = 0;
  let last = 0;
  await lines(process.execPath, [KARST, ...words], cacheVariables(run.cache), (text, at, child) => {
    const line = v.parse(ourLine, JSON.parse(text));
    if (v.is(firstStep, line)) {
      const { tensorflow, graph, images, xla } = line;
      // The rest is the command line's, and the start of the engine's process.
      const rest = at - tensorflow - graph - images - xla;
      seen.start = { process: rest, tensorflow, graph, images, xla };
    } else if (v.is(trainRecord, line)) {
      seen.first ??= at;
      const since = Math.max(began, last);
      waiting += line.waiting * (at - since);
      last = at;
      trained = at;
      if (run.sampled && epochs.length === 1) seen.perf ??= PerfSample.start(child);
    } else if (v.is(validationRecord, line)) {
      seen.perf?.stop();
      const steps = trained - began;
      epochs.push({ end: at, top1: line.top1, steps, waiting, validation: at - trained });
      began = at;
      waiting = 0;
    }
  });
  const { first, start, perf } = seen;
  if (first === null) throw new Error('the training ended without a step');
  return { firstStep: first, start, epochs, perf: (await perf?.split()) ?? null };
}

const scriptStep = v.object({ event: v.literal('step') });
const scriptEpoch = v.object({
  event: v.literal('epoch'),
  top1: v.number(),
  trainSeconds: v.number(),
  valSeconds: v.number(),
});

export async function runScript(run: ScriptRun): Promise<JobRun> {
  const words = [
    ...[SCRIPT, '--backbone', run.backbone, '--data', run.list, '--size', String(run.size)],
    ...['--batch', String(JOB_BATCH), '--epochs', String(run.epochs), '--rate', String(run.rate)],
    ...['--seed', String(run.seed), '--workers', String(run.workers)],
    ...['--threads', String(availableParallelism())],
  ];
  const seen: { first: number | null } = { first: null };
  const epochs: JobEpoch[] = [];
  await lines(run.python, words, {}, (text, at) => {
    const line = v.parse(v.union([scriptStep, scriptEpoch]), JSON.parse(text));
    if (line.event === 'step') seen.first ??= at;
    else
      epochs.push({
        ...{ end: at, top1: line.top1, waiting: 0 },
        ...{ steps: line.trainSeconds, validation: line.valSeconds },
      });
  });
  const { first } = seen;
  if (first === null) throw new Error('the script ended without a step');
  return { firstStep: first, start: null, epochs, perf: null };
}

/** Runs a command and passes on its lines of JSON with the seconds since it was given. */
async function lines(
  command: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  onLine: (text: string, at: number, child: ChildProcess) => void,
): Promise<void> {
  const began = performance.now();
  const child = spawn(command, words, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const kill = (): void => void child.kill();
  process.once('exit', kill);
  const closed = once(child, 'close');
  try {
    for await (const text of createInterface({ input: child.stdout }))
      if (text.startsWith('{')) onLine(text, (performance.now() - began) / DECIMALS, child);
  } finally {
    process.off('exit', kill);
  }
  const [code] = (await closed) as [number | null];
  if (code !== 0)
    throw new Error(`${command} ${words.join(' ')} ended with ${String(code)}:\n${errors}`);
}
