import { join } from 'node:path';
import type { BackboneReference, TrainResult } from '../../../../shared/contract/engine.ts';
import type { LogLine } from '../../../../shared/contract/studio/runs.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import type { Run } from '../../../../shared/domain/library.ts';
import type { MetricRecord } from '../../../../shared/domain/metrics.ts';
import { updatesPerEpoch } from '../../../../shared/domain/training.ts';
import { taskSpec } from '../../../../shared/tasks/registry.ts';
import type { HomeFolders } from '../../home.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { Owner } from '../../owner.ts';
import { checkName, freeName, newId, requireFreeName } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import type { StoredRun } from '../../store/runs.ts';
import type { DatasetService } from '../../contract/datasets.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import type { ProjectService } from '../../contract/projects.ts';
import type { JobWatching } from '../../contract/watching.ts';
import type { Adapters } from '../adapters/adapters.ts';
import type { Backbones } from '../backbones.ts';
import { makeFolder, moveToBin } from '../paths.ts';
import {
  checkManifest,
  createRunFolder,
  hasCheckpoints,
  recordExtension,
  runClasses,
} from './run-folder.ts';
import {
  memoryRequest,
  workingArchitecture,
  type Recomputation,
} from '../planning/recomputation.ts';
import { sweepRun } from '../leftovers.ts';
import { RunLog } from './run-log.ts';
import type {
  ExecuteOptions,
  NewRunOptions,
  RunDetail,
  RunOutcome,
  RunService,
} from '../../contract/runs.ts';
import { RunSession } from './run-session.ts';
import { runState, RunShelf, type RunShelfContext } from './run-shelf.ts';
import { validateTrainingConfig } from './training-config.ts';

export interface RunsContext extends RunShelfContext {
  readonly folders: HomeFolders;
  readonly owner: Owner;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly backbones: Backbones;
  readonly datasets: DatasetService;
  readonly projects: Pick<ProjectService, 'get'>;
  readonly adapters: Adapters;
  readonly recomputation: Recomputation;
}

/** An execution under way here. */
interface Active {
  /** Suspends it. */
  readonly abort: AbortController;
  readonly ended: Promise<unknown>;
  session: RunSession | null;
}

/** What is told of an execution while it goes on. */
type Telling = Omit<ExecuteOptions, 'resume'>;

/** Runs from their making to their end. */
export class Runs extends RunShelf implements RunService {
  readonly #c: RunsContext;
  readonly #active = new Map<string, Active>();

  constructor(context: RunsContext) {
    super(context);
    this.#c = context;
  }

  async create(options: NewRunOptions): Promise<Run> {
    this.#c.library.requireWritable();
    const { library, runs, folders, backbones, datasets } = this.#c;
    const bare = typeof options.backbone === 'object' ? options.backbone : null;
    const backbone = typeof options.backbone === 'string' ? backbones.get(options.backbone) : null;
    const shape = bare ?? backbone;
    if (shape === null) throw new KarstError('usage', 'A run needs a backbone.', { hint: '' });
    const config = validateTrainingConfig(options.config, shape.architecture, bare !== null);
    const dataset = datasets.get(options.dataset);
    const { names, labels } = runClasses(dataset);
    const task = datasets.task(dataset.id);
    const project = options.project === undefined ? null : this.#c.projects.get(options.project);
    const reference: BackboneReference =
      backbone === null
        ? { ...shape, path: null, sha256: '' }
        : await backbones.reference(backbone);
    const wanted = options.name === undefined ? null : checkName('run', options.name);
    if (wanted !== null) requireFreeName(library, 'run', wanted);
    const name =
      wanted ?? freeName(library, 'run', `${dataset.name}-${config.method}`.slice(0, 94));
    const id = newId('run');
    const createdAt = now();
    await makeFolder(folders.runs);
    const folder = join(folders.runs, id);
    const { counts, manifestSha256 } = await createRunFolder(folder, {
      id,
      name,
      createdAt,
      backbone: reference,
      dataset,
      task,
      classes: names,
      labels,
      images: datasets.images(dataset.id),
      config,
    });
    try {
      library.transaction(() => {
        requireFreeName(library, 'run', name);
        runs.insert({
          id,
          name,
          projectId: project?.id ?? null,
          backboneId: backbone?.id ?? null,
          backbone: reference,
          datasetId: dataset.id,
          datasetName: dataset.name,
          classes: names,
          counts,
          config,
          task,
          manifestSha256,
          createdAt,
        });
      });
    } catch (error) {
      await moveToBin(folders, folder, id);
      throw error;
    }
    return this.get(id);
  }

  async execute(nameOrId: string, options: ExecuteOptions): Promise<RunOutcome> {
    this.#c.library.requireWritable();
    const run = this.settled(nameOrId);
    this.#requireStartable(run, options.resume);
    const abort = new AbortController();
    // The entry is there before anything is told.
    const active: Active = {
      abort,
      session: null,
      ended: Promise.resolve().then(() => this.#execute(run, options, active)),
    };
    this.#active.set(run.id, active);
    try {
      return (await active.ended) as RunOutcome;
    } finally {
      this.#active.delete(run.id);
    }
  }

  async #execute(run: StoredRun, options: Telling, active: Active): Promise<RunOutcome> {
    const { library, runs, metrics, owner, adapters } = this.#c;
    const { abort } = active;
    const signal =
      options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
    if (signal.aborted) throw new KarstError('cancelled', `The run "${run.name}" was not started.`);
    const backbone = await this.#backboneOf(run, options);
    await checkManifest(run.folder, run.manifestSha256);
    const resume = await hasCheckpoints(run.folder);
    const place = await adapters.placeForRun(run.id);
    const recomputedBlocks = await this.#recomputedBlocks(run, resume);
    const leftOver = await sweepRun(run.folder);
    if (!runs.claim(run.id, owner, ['queued', 'interrupted', 'failed'], now()))
      throw runState(this.get(run.id), 'another process was faster');
    const log = new RunLog(join(run.folder, 'log.txt'), (line: LogLine) => options.onLog?.(line));
    const session = new RunSession(run.id, { runs, metrics }, log, (work) =>
      library.transaction(work),
    );
    active.session = session;
    for (const problem of leftOver) log.write('warning', problem);
    runs.progress(run.id, { recomputedBlocks });
    let storeFailure: unknown = null;
    try {
      const result = (await runEngineJob({
        spawn: this.#c.spawn,
        cacheDir: this.#c.cacheDir,
        graceMs: this.#c.graceMs,
        logFile: join(run.folder, 'log.txt'),
        signal,
        job: {
          kind: 'train',
          runId: run.id,
          runName: run.name,
          runDir: run.folder,
          adapterDir: place.folder,
          backbone,
          config: run.config,
          task: run.task,
          classes: run.classes,
          resume,
          extendedAt: run.extendedAt,
          recomputedBlocks,
        },
        onEvent: (event) => {
          session.receive(event);
          options.onEvent?.(event);
        },
        onControl: (send) => {
          const control = session.start(send, (error) => {
            storeFailure ??= error;
            abort.abort();
          });
          options.onControl?.(control);
        },
      })) as TrainResult;
      session.end();
      session.flush();
      log.write('info', describeEnd(result, session.stopped));
      return await this.#complete(run, place.id, result, session.stopped);
    } catch (error) {
      session.end();
      throw this.#interrupt(run, session, log, storeFailure ?? error);
    } finally {
      active.session = null;
    }
  }

  async #recomputedBlocks(run: StoredRun, resume: boolean): Promise<number> {
    const { config, classes, backbone } = run;
    const working = workingArchitecture(backbone.architecture, config);
    const trained = { task: taskSpec(run.task), classes: classes.length };
    const needed = memoryRequest(working, config, trained);
    const earlier = resume ? (run.recomputedBlocks ?? 0) : 0;
    const { recomputedBlocks } = await this.#c.recomputation.choose(needed, earlier);
    return recomputedBlocks;
  }

  /** Enters the adapter and ends the run, both or neither. */
  async #complete(
    run: StoredRun,
    adapterId: string,
    result: TrainResult,
    stopped: boolean,
  ): Promise<RunOutcome> {
    const { library, runs, adapters } = this.#c;
    const folder = await adapters.inspect(result.adapterDir);
    const adapter = library.transaction(() => {
      const entered = adapters.register(adapterId, folder, {
        name: freeName(library, 'adapter', run.name),
        runId: run.id,
        // Trained from scratch, a model stands on no weights but its own.
        backboneId: folder.config.backboneSha256 === null ? null : run.backboneId,
        top1: result.val?.top1 ?? null,
        loss: result.val?.loss ?? null,
      });
      runs.progress(run.id, { step: result.steps, epoch: result.epochs });
      runs.finish(run.id, stopped ? 'stopped' : 'done', null, now());
      return entered;
    });
    return { run: this.get(run.id), adapter, result, waiting: this.waiting(run.id) };
  }

  /** Stores why a session ended without a result; returns what the caller is to be told. */
  #interrupt(run: StoredRun, session: RunSession, log: RunLog, error: unknown): unknown {
    const { runs } = this.#c;
    const report = toErrorReport(error);
    const cancelled = report.code === 'cancelled';
    try {
      session.flush();
      runs.finish(run.id, cancelled ? 'interrupted' : 'failed', cancelled ? null : report, now());
      if (cancelled) log.write('info', 'Interrupted; it can be resumed.');
      else log.write('error', `${report.message} ${report.hint}`.trim());
    } catch (storeError) {
      // A row that could not be written keeps its owner; the next studio finds that one gone and marks the run as
      // interrupted.
      return new AggregateError(
        [error, storeError],
        `${report.message} ${toErrorReport(storeError).message}`,
      );
    }
    if (!cancelled) return error;
    const { checkpointStep } = this.get(run.id);
    return new KarstError(
      'cancelled',
      checkpointStep === null
        ? `The run "${run.name}" was interrupted before its first checkpoint.`
        : `The run "${run.name}" was interrupted; it is kept up to step ${checkpointStep}.`,
      { hint: `Go on with \`karst runs resume ${run.id}\`.` },
    );
  }

  async #backboneOf(run: StoredRun, watching: JobWatching): Promise<BackboneReference> {
    if (run.backboneId === null) return run.backbone;
    const { backbones } = this.#c;
    const { path } = await backbones.reference(backbones.get(run.backboneId), watching);
    return { ...run.backbone, path };
  }

  #requireStartable(run: StoredRun, resume: boolean): void {
    if (run.owner !== null) throw runState(run, 'it is being executed already');
    if (run.state === 'done' || run.state === 'stopped')
      throw runState(
        run,
        'it has come to its end',
        'Start a new run, or extend this one by some epochs.',
      );
    if (!resume && run.state !== 'queued')
      throw runState(run, 'it was started before', `Go on with \`karst runs resume ${run.id}\`.`);
  }

  // What has gathered since the last beat belongs to every answer: who asks is told of the rest by events.

  override details(): RunDetail[] {
    for (const { session } of this.#active.values()) session?.flush();
    return super.details();
  }

  override detail(nameOrId: string): RunDetail {
    this.#active.get(this.get(nameOrId).id)?.session?.flush();
    return super.detail(nameOrId);
  }

  override metrics(nameOrId: string, afterStep?: number, limit?: number): MetricRecord[] {
    const { id } = this.get(nameOrId);
    this.#active.get(id)?.session?.flush();
    return super.metrics(id, afterStep, limit);
  }

  async extend(nameOrId: string, epochs: number): Promise<Run> {
    this.#c.library.requireWritable();
    const { library, runs } = this.#c;
    const run = this.settled(nameOrId);
    const ended = (one: StoredRun): boolean => one.state === 'done' || one.state === 'stopped';
    if (run.owner !== null || !ended(run))
      throw runState(
        run,
        'it has not come to an end',
        run.owner === null ? 'Resume it first.' : 'Wait for its end, or stop it.',
      );
    if (!(await hasCheckpoints(run.folder)))
      throw new KarstError(
        'checkpoint-invalid',
        `The run "${run.name}" has no checkpoint to go on from.`,
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
        throw runState(this.get(run.id), 'somebody else was faster');
    });
    return this.get(run.id);
  }

  /** Suspends what runs here and waits for it. */
  async close(): Promise<void> {
    const active = [...this.#active.values()];
    for (const { abort } of active) abort.abort();
    await Promise.allSettled(active.map(({ ended }) => ended));
  }
}

function describeEnd(result: TrainResult, stopped: boolean): string {
  const how = stopped
    ? 'Stopped'
    : result.stoppedEarly
      ? 'Ended early, as validation got no better,'
      : 'Done';
  const best =
    result.val === null
      ? ''
      : ` The best epoch is ${result.bestEpoch}, with top-1 ${(100 * result.val.top1).toFixed(1)} %.`;
  return `${how} after ${result.steps} steps.${best}`;
}
