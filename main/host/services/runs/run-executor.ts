import { join } from 'node:path';
import type { BackboneReference } from '../../../../shared/contract/engine/jobs.ts';
import type { TrainResult } from '../../../../shared/contract/engine/results.ts';
import type { LogLine } from '../../../../shared/contract/window/runs.ts';
import { counted } from '../../../../shared/domain/counted.ts';
import { KarstError, toErrorReport } from '../../../../shared/domain/errors.ts';
import { taskSpec } from '../../../../shared/tasks/registry.ts';
import type { EngineSpawner } from '../../contract/engine.ts';
import type { ExecuteOptions, RunOutcome } from '../../contract/runs.ts';
import type { JobWatching } from '../../contract/watching.ts';
import { runEngineJob } from '../../engine/engine-job.ts';
import type { JobRegistry } from '../../engine/job-registry.ts';
import type { HomeFolders } from '../../home.ts';
import type { Owner } from '../../owner.ts';
import type { Library } from '../../store/library.ts';
import type { MetricRepository } from '../../store/metrics.ts';
import { freeName } from '../../store/names.ts';
import { now } from '../../store/rows.ts';
import type { RunRepository, StoredRun } from '../../store/runs.ts';
import type { Adapters } from '../adapters/adapters.ts';
import type { Backbones } from '../backbones/backbones.ts';
import { sweepRun } from '../leftovers.ts';
import { nearSize } from '../../../../shared/models/registry.ts';
import { requireKernels } from '../planning/engine-kernels.ts';
import { memoryRequest, type GradientCheckpointing } from '../planning/gradient-checkpointing.ts';
import { checkManifest, hasCheckpoints, readStart } from './run-folder.ts';
import { RunLog } from './run-log.ts';
import { RunSession } from './run-session.ts';
import { requireStartable, runState, type Runs } from './runs.ts';

export interface RunExecutorContext {
  readonly library: Library;
  readonly runs: RunRepository;
  readonly metrics: MetricRepository;
  readonly folders: HomeFolders;
  readonly owner: Owner;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly jobs: JobRegistry;
  readonly backbones: Backbones;
  readonly adapters: Pick<Adapters, 'inspect' | 'placeForRun' | 'register'>;
  readonly checkpointing: GradientCheckpointing;
  /** Looks up runs; `sessions` are those executing in this process. */
  readonly runService: Runs;
  readonly sessions: Map<string, RunSession>;
}

/** Trains runs in engines and stores the results. */
export class RunExecutor {
  readonly #c: RunExecutorContext;

  constructor(context: RunExecutorContext) {
    this.#c = context;
  }

  /**
   * Trains a run. Aborting the signal suspends it (checkpoint written, state `interrupted`) and
   * rejects with `cancelled`; an engine that does not answer within the grace period is killed.
   * @throws run-state, file-changed, engine-crashed, out-of-memory, diverged, cancelled, and the
   * engine's errors
   */
  async execute(nameOrId: string, options: ExecuteOptions): Promise<RunOutcome> {
    this.#c.library.requireWritable();
    const run = this.#c.runService.settled(nameOrId);
    requireStartable(run);
    requireFirstStart(run, options.resume);
    requireKernels();
    return this.#c.jobs.run(options.signal, (signal) => this.#execute(run, { ...options, signal }));
  }

  async #execute(
    run: StoredRun,
    options: ExecuteOptions & { readonly signal: AbortSignal },
  ): Promise<RunOutcome> {
    const { library, runs, metrics, owner, adapters, sessions } = this.#c;
    // Aborts the run if the store can no longer be written.
    const failed = new AbortController();
    const signal = AbortSignal.any([options.signal, failed.signal]);
    if (signal.aborted) throw new KarstError('cancelled', `The run "${run.name}" was not started.`);
    const backbone = await this.#backboneOf(run, options);
    await checkManifest(run.folder, run.manifestSha256);
    const resume = await hasCheckpoints(run.folder);
    const place = await adapters.placeForRun(run.id);
    const checkpointedBlocks = await this.#checkpointedBlocks(run, resume);
    const leftOver = await sweepRun(run.folder);
    if (!runs.claim(run.id, owner, ['queued', 'interrupted', 'failed'], now()))
      throw runState(this.#c.runService.get(run.id), 'another process was faster');
    const log = new RunLog(join(run.folder, 'log.txt'), (line: LogLine) => options.onLog?.(line));
    const session = new RunSession(run, { runs, metrics }, log, (work) =>
      library.transaction(work),
    );
    sessions.set(run.id, session);
    for (const problem of leftOver) log.write('warning', problem);
    runs.progress(run.id, { checkpointedBlocks });
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
          start: run.parentAdapterId === null ? null : await readStart(run.folder),
          resume,
          extendedAt: run.extendedAt,
          checkpointedBlocks,
        },
        onEvent: (event) => {
          session.receive(event);
          options.onEvent?.(event);
        },
        onControl: (send) => {
          const control = session.start(send, (error) => {
            storeFailure ??= error;
            failed.abort();
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
      sessions.delete(run.id);
    }
  }

  async #checkpointedBlocks(run: StoredRun, resume: boolean): Promise<number> {
    const { config, classes, backbone } = run;
    const working = nearSize(
      backbone.architecture,
      config.imageSize || backbone.preprocessing.imageSize,
    );
    const trained = { task: taskSpec(run.task), classes: classes.length };
    const needed = memoryRequest(working, config, trained);
    const earlier = resume ? (run.checkpointedBlocks ?? 0) : 0;
    const { checkpointedBlocks } = await this.#c.checkpointing.choose(needed, earlier);
    return checkpointedBlocks;
  }

  /** Registers the adapter and finishes the run, in one transaction. */
  async #complete(
    run: StoredRun,
    adapterId: string,
    result: TrainResult,
    stopped: boolean,
  ): Promise<RunOutcome> {
    const { library, runs, adapters, runService } = this.#c;
    const folder = await adapters.inspect(result.adapterDir);
    const adapter = library.transaction(() => {
      const entered = adapters.register(adapterId, folder, {
        name: freeName(library, 'adapter', run.name),
        runId: run.id,
        parentId: run.parentAdapterId,
        // A model trained from scratch has no backbone.
        backboneId: folder.config.backboneSha256 === null ? null : run.backboneId,
        top1: result.val?.top1 ?? null,
        loss: result.val?.loss ?? null,
      });
      runs.progress(run.id, { step: result.steps, epoch: result.epochs });
      runs.finish(run.id, stopped ? 'stopped' : 'done', null, now());
      return entered;
    });
    return {
      run: runService.get(run.id),
      adapter,
      result,
      waiting: runService.waiting(run.id),
    };
  }

  /** Stores why a session ended without a result and returns the error for the caller. */
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
      // If the row cannot be written, it keeps its owner; the next studio process finds that owner
      // dead and marks the run as interrupted.
      const { message, hint } = report;
      return new KarstError(report.code, `${message} ${toErrorReport(storeError).message}`, {
        hint,
        cause: new AggregateError([error, storeError]),
      });
    }
    if (!cancelled) return error;
    const { checkpointStep } = this.#c.runService.get(run.id);
    return new KarstError(
      'cancelled',
      checkpointStep === null
        ? `The run "${run.name}" was interrupted before its first checkpoint.`
        : `The run "${run.name}" was interrupted; it is kept up to step ${checkpointStep}.`,
      { hint: `Resume it with \`karst runs resume ${run.id}\`.` },
    );
  }

  async #backboneOf(run: StoredRun, watching: JobWatching): Promise<BackboneReference> {
    if (run.backboneId === null) return run.backbone;
    const { backbones } = this.#c;
    const { path } = await backbones.reference(backbones.get(run.backboneId), watching);
    return { ...run.backbone, path };
  }
}

/** @throws run-state when it was started before and is not to be resumed */
function requireFirstStart(run: StoredRun, resume: boolean): void {
  if (!resume && run.state !== 'queued')
    throw runState(run, 'it was started before', `Resume it with \`karst runs resume ${run.id}\`.`);
}

function describeEnd(result: TrainResult, stopped: boolean): string {
  const how = stopped
    ? 'Stopped'
    : result.stoppedEarly
      ? 'Stopped early, as validation did not improve,'
      : 'Done';
  const best =
    result.val === null
      ? ''
      : ` The best epoch is ${result.bestEpoch}, with top-1 ${(100 * result.val.top1).toFixed(1)} %.`;
  return `${how} after ${counted(result.steps, 'step')}.${best}`;
}
