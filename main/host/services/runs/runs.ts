import { createInterface } from 'node:readline';
import { join } from 'node:path';
import * as v from 'valibot';
import type { LogLine, RunStart } from '../../../../shared/contract/window/runs.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import type { Run, RunState } from '../../../../shared/domain/library.ts';
import type { MetricRecord, SampleRecord } from '../../../../shared/domain/metrics.ts';
import { updatesPerEpoch } from '../../../../shared/domain/training.ts';
import { type EpochWaiting, waitingByEpoch } from '../../../../shared/domain/waiting.ts';
import { openFile, readError } from '../../../formats/files.ts';
import { isOwnerAlive } from '../../owner.ts';
import type { MetricRepository } from '../../store/metrics.ts';
import { checkName, requireFreeName } from '../../store/names.ts';
import type { NoteRepository } from '../../store/notes.ts';
import { now } from '../../store/rows.ts';
import type { StoredRun } from '../../store/runs.ts';
import type { Bin } from '../bin.ts';
import { runClasses } from '../run-classes.ts';
import { readRunLog } from './run-log.ts';
import type { NewRunOptions, RunDetail, RunService } from '../../contract/runs.ts';
import { createRun, type NewRunContext } from './new-run.ts';
import { hasCheckpoints, recordExtension } from './run-folder.ts';
import { boundSettings, classChanges, classRows, startingAdapter } from './run-start.ts';
import type { RunSession } from './run-session.ts';
import { validateTrainingConfig } from '../training-config.ts';

/** Default number of log lines. */
const LOG_LINES = 500;

/** States from which a run can be started or resumed. */
const STARTABLE: readonly RunState[] = ['queued', 'interrupted', 'failed'];

export interface RunsContext extends NewRunContext {
  readonly metrics: MetricRepository;
  readonly notes: NoteRepository;
  readonly bin: Pick<Bin, 'put'>;
  /** Sessions executing in this process, by run id. */
  readonly sessions: ReadonlyMap<string, RunSession>;
}

/** The library's runs: creation, reading, renaming, queueing and removal. Needs no engine. */
export class Runs implements RunService {
  readonly #c: RunsContext;

  constructor(context: RunsContext) {
    this.#c = context;
  }

  async create(options: NewRunOptions): Promise<Run> {
    return this.get(await createRun(this.#c, options));
  }

  async start(nameOrId: string, wanted?: string): Promise<RunStart> {
    const { adapters, backbones, datasets, known, runs } = this.#c;
    const start = await startingAdapter(adapters.get(nameOrId));
    const { adapter } = start;
    const run = runs.find(adapter.runId);
    const trainedOn = datasets.list().find(({ id }) => id === run?.datasetId);
    const dataset = wanted === undefined ? trainedOn : datasets.get(wanted);
    let classes: RunStart['classes'] = null;
    if (dataset !== undefined) {
      const own = runClasses(dataset);
      const rows = classRows(known.rows(adapter, dataset), own);
      classes = classChanges(adapter.classes, own.names, rows);
    }
    return {
      adapterId: adapter.id,
      adapterName: adapter.name,
      backboneId: adapter.backboneId,
      datasetId: trainedOn?.id ?? null,
      ...boundSettings(
        start,
        adapter.backboneId === null ? null : backbones.get(adapter.backboneId),
      ),
      classes,
    };
  }

  async extend(nameOrId: string, epochs: number): Promise<Run> {
    this.#c.library.requireWritable();
    const { library, runs } = this.#c;
    const run = this.settled(nameOrId);
    const ended = (one: StoredRun): boolean => one.state === 'done' || one.state === 'stopped';
    if (run.owner !== null || !ended(run))
      throw runState(
        run,
        'it has not finished',
        run.owner === null ? 'Resume it first.' : 'Wait for its end, or stop it.',
      );
    if (!(await hasCheckpoints(run.folder)))
      throw new KarstError(
        'checkpoint-invalid',
        `The run "${run.name}" has no checkpoint to resume from.`,
        { hint: 'Train a new run with more epochs.', path: run.folder },
      );
    const begun = Math.ceil(run.step / updatesPerEpoch(run.counts.train, run.config));
    const { config: before, backbone } = run;
    const config = validateTrainingConfig(
      { ...before, schedule: { ...before.schedule, epochs: begun + epochs } },
      backbone.architecture,
      backbone.path === null,
    );
    await recordExtension(run.folder, { at: now(), step: run.step, config });
    library.transaction(() => {
      if (!runs.reopen(run.id, config, run.step))
        throw runState(this.get(run.id), 'another process was faster');
    });
    return this.get(run.id);
  }

  list(): Run[] {
    return this.#c.runs.list().map(toRun);
  }

  get(nameOrId: string): Run {
    return toRun(this.#c.runs.get(nameOrId));
  }

  // The next methods flush first: the answer must include everything not yet sent by events.

  details(): RunDetail[] {
    for (const session of this.#c.sessions.values()) session.flush();
    const waiting = this.#waiting();
    return this.#c.runs.list().map((run) => this.#toDetail(run, waiting));
  }

  detail(nameOrId: string): RunDetail {
    this.#flush(nameOrId);
    return this.#toDetail(this.#c.runs.get(nameOrId), this.#waiting());
  }

  metrics(nameOrId: string, afterStep?: number, limit?: number): MetricRecord[] {
    return this.#c.metrics.list(this.#flush(nameOrId), afterStep, limit);
  }

  activeSeconds(id: string): number | null {
    const session = this.#c.sessions.get(id);
    return session === undefined ? this.get(id).activeSeconds : session.activeSeconds;
  }

  waiting(nameOrId: string): readonly EpochWaiting[] {
    const { id, counts, config } = this.get(nameOrId);
    return waitingByEpoch(this.metrics(id), counts.train, config.batchSize);
  }

  async samples(nameOrId: string): Promise<SampleRecord[]> {
    return readSamples(join(this.get(nameOrId).folder, 'samples.jsonl'));
  }

  async log(nameOrId: string, lines = LOG_LINES): Promise<LogLine[]> {
    const run = this.get(nameOrId);
    return readRunLog(join(run.folder, 'log.txt'), lines, run.startedAt ?? run.createdAt);
  }

  rename(nameOrId: string, wanted: string): Run {
    const { library, runs } = this.#c;
    const name = checkName('run', wanted);
    return library.transaction(() => {
      const run = runs.get(nameOrId);
      if (name !== run.name) requireFreeName(library, 'run', name);
      runs.rename(run.id, name);
      return this.get(run.id);
    });
  }

  note(nameOrId: string, text: string): Run {
    const run = this.get(nameOrId);
    this.#c.notes.write(run.id, text);
    return run;
  }

  requestStop(nameOrId: string): Run {
    const run = this.settled(nameOrId);
    if (this.#c.runs.request(run.id, 'stop')) return this.get(run.id);
    if (run.state !== 'interrupted' && run.state !== 'failed')
      throw runState(run, run.state === 'queued' ? 'it waits' : 'it has finished');
    // Before the first step there is nothing but the initial values.
    if (run.checkpointStep === null || run.checkpointStep === 0)
      throw runState(
        run,
        'it has no checkpoint with an adapter to keep',
        'Resume it, or remove it.',
      );
    if (!this.#c.runs.enqueueFirst(run.id, ['interrupted', 'failed'], 'stop'))
      throw runState(this.get(run.id), 'another process was faster');
    return this.get(run.id);
  }

  async remove(nameOrId: string): Promise<Run> {
    const run = this.settled(nameOrId);
    if (run.owner !== null)
      throw runState(run, 'it is running', `Stop it first with \`karst runs stop ${run.id}\`.`);
    await this.#c.bin.put('run', run);
    return toRun(run);
  }

  queued(): Run[] {
    return this.#c.runs.queued().map(toRun);
  }

  enqueue(nameOrId: string): Run {
    const run = this.settled(nameOrId);
    if (run.queuePlace === null && !this.#c.runs.enqueue(run.id, STARTABLE))
      throw run.owner === null
        ? runState(run, 'it has finished', 'Extend it by some epochs, or train a new run.')
        : runState(run, 'it is already running');
    return this.get(run.id);
  }

  startable(nameOrId: string): Run {
    const run = this.settled(nameOrId);
    requireStartable(run);
    return toRun(run);
  }

  keepPlace(nameOrId: string): void {
    this.#c.runs.enqueueFirst(this.get(nameOrId).id, ['interrupted'], null);
  }

  dequeue(nameOrId: string): Run {
    const run = this.get(nameOrId);
    if (!this.#c.runs.dequeue(run.id, 'interrupted', null)) throw notWaiting(run);
    return this.get(run.id);
  }

  giveUp(nameOrId: string, error: ErrorReport): Run {
    const run = this.get(nameOrId);
    this.#c.runs.dequeue(run.id, 'failed', error);
    return this.get(run.id);
  }

  move(nameOrId: string, before: string | null): Run {
    const { library, runs } = this.#c;
    return library.transaction(() => {
      const run = this.get(nameOrId);
      const order = runs.queued().map(({ id }) => id);
      const from = order.indexOf(run.id);
      if (from < 0) throw notWaiting(run);
      if (before !== run.id) {
        order.splice(from, 1);
        order.splice(
          before === null ? order.length : Math.max(order.indexOf(before), 0),
          0,
          run.id,
        );
      }
      runs.order(order);
      return this.get(run.id);
    });
  }

  /** Returns the run being trained, by this or another process; paused runs do not count. */
  training(): Run | null {
    const running = this.#c.runs.list().filter((run) => run.state === 'running');
    const found = running.find((run) => this.settled(run.id).owner !== null);
    return found === undefined ? null : toRun(found);
  }

  /** Marks runs whose process has died as interrupted, and returns them. */
  findInterrupted(): Run[] {
    return this.#c.runs
      .list()
      .filter((run) => run.owner !== null)
      .map((run) => this.settled(run.id))
      .filter((run) => run.owner === null)
      .map(toRun);
  }

  /** Returns a run; if its owner process has died, marks it as interrupted first. */
  settled(nameOrId: string): StoredRun {
    const run = this.#c.runs.get(nameOrId);
    if (run.owner === null || isOwnerAlive(run.owner)) return run;
    this.#c.runs.finish(
      run.id,
      'interrupted',
      {
        code: 'engine-crashed',
        message: `The process that trained the run "${run.name}" ended unexpectedly (power failure, or it was killed).`,
        hint: `Resume it with \`karst runs resume ${run.id}\`.`,
      },
      now(),
    );
    return this.#c.runs.get(run.id);
  }

  /** Flushes the run's session, if it executes in this process. @returns the run's id */
  #flush(nameOrId: string): string {
    const { id } = this.get(nameOrId);
    this.#c.sessions.get(id)?.flush();
    return id;
  }

  /** Ids of queued runs, in order. */
  #waiting(): string[] {
    return this.#c.runs.queued().map(({ id }) => id);
  }

  #toDetail(run: StoredRun, waiting: readonly string[]): RunDetail {
    const position = waiting.indexOf(run.id);
    return {
      ...toRun(run),
      projectId: run.projectId,
      notes: this.#c.notes.of(run.id),
      parent: this.#c.adapters.parent(run.parentAdapterId),
      totalSteps: run.config.schedule.epochs * updatesPerEpoch(run.counts.train, run.config),
      queuePosition: position < 0 ? null : position,
    };
  }
}

/** Removes the host's internal fields. */
function toRun(stored: StoredRun): Run {
  const run: Record<string, unknown> = { ...stored };
  delete run['backbone'];
  delete run['owner'];
  delete run['manifestSha256'];
  delete run['projectId'];
  delete run['queuePlace'];
  delete run['extendedAt'];
  return run as unknown as Run;
}

export function runState(run: Run, why: string, hint = ''): KarstError {
  return new KarstError(
    'run-state',
    `This cannot be done with the run "${run.name}" (${run.state}): ${why}.`,
    { hint },
  );
}

/** @throws run-state when it is running or has finished */
export function requireStartable(run: StoredRun): void {
  if (run.owner !== null) throw runState(run, 'it is already running');
  if (run.state === 'done' || run.state === 'stopped')
    throw runState(run, 'it has finished', 'Start a new run, or extend this one by some epochs.');
}

const notWaiting = (run: Run): KarstError => runState(run, 'it does not wait in the queue');

const sampleSchema = v.object({
  step: v.number(),
  epoch: v.number(),
  images: v.array(
    v.object({
      path: v.string(),
      truth: v.string(),
      predictions: v.array(v.object({ label: v.string(), probability: v.number() })),
    }),
  ),
});

/** Reads the valid lines of a run's samples; the engine may still be writing the last one. */
async function readSamples(path: string): Promise<SampleRecord[]> {
  const records: SampleRecord[] = [];
  try {
    const handle = await openFile(path);
    const lines = createInterface({
      input: handle.createReadStream({ encoding: 'utf8' }),
      crlfDelay: Infinity,
    });
    for await (const line of lines) {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), sampleSchema), line);
      if (parsed.success) records.push(parsed.output);
    }
  } catch (error) {
    if (error instanceof KarstError && error.code === 'not-found') return [];
    throw readError(path, error);
  }
  return records;
}
