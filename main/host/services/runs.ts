import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackboneReference, TrainResult } from '../../../shared/contract/engine.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { Run } from '../../../shared/domain/library.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { readError } from '../../formats/files.ts';
import type { HomeFolders } from '../home.ts';
import { runEngineJob } from '../jobs/engine-job.ts';
import { isOwnerAlive, type Owner } from '../owner.ts';
import type { Library } from '../store/library.ts';
import type { MetricRepository } from '../store/metrics.ts';
import { checkName, freeName, newId, requireFreeName } from '../store/names.ts';
import { now } from '../store/rows.ts';
import type { RunRepository, StoredRun } from '../store/runs.ts';
import type {
  BareShape,
  DatasetService,
  EngineSpawner,
  JobWatching,
  RunControl,
  RunOutcome,
  RunService,
} from '../studio.ts';
import type { Adapters } from './adapters.ts';
import type { Backbones } from './backbones.ts';
import { makeFolder, moveToBin } from './paths.ts';
import { checkManifest, createRunFolder, runClasses } from './run-folder.ts';
import { RunSession } from './run-session.ts';
import { validateTrainingConfig } from './training-config.ts';

export interface RunsContext {
  readonly library: Library;
  readonly runs: RunRepository;
  readonly metrics: MetricRepository;
  readonly folders: HomeFolders;
  readonly owner: Owner;
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  readonly backbones: Backbones;
  readonly datasets: DatasetService;
  readonly adapters: Adapters;
}

export class Runs implements RunService {
  readonly #c: RunsContext;
  /** Executions under way here, with the way to suspend each. */
  readonly #active = new Map<string, { abort: AbortController; ended: Promise<unknown> }>();

  constructor(context: RunsContext) {
    this.#c = context;
  }

  async create(options: {
    backbone: string | BareShape;
    dataset: string;
    name?: string;
    config: TrainingConfig;
  }): Promise<Run> {
    const { library, runs, folders, backbones, datasets } = this.#c;
    const bare = typeof options.backbone === 'object' ? options.backbone : null;
    const backbone = typeof options.backbone === 'string' ? backbones.get(options.backbone) : null;
    const shape = bare ?? backbone;
    if (shape === null) throw new KarstError('usage', 'A run needs a backbone.', { hint: '' });
    const config = validateTrainingConfig(options.config, shape.architecture, bare !== null);
    const dataset = datasets.get(options.dataset);
    const { names, labels } = runClasses(dataset);
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
          backboneId: backbone?.id ?? null,
          backbone: reference,
          datasetId: dataset.id,
          datasetName: dataset.name,
          classes: names,
          counts,
          config,
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

  async execute(
    nameOrId: string,
    options: JobWatching & { resume: boolean; onControl?: (control: RunControl) => void },
  ): Promise<RunOutcome> {
    const run = this.#settled(nameOrId);
    this.#requireStartable(run, options.resume);
    const abort = new AbortController();
    const ended = this.#execute(run, options, abort);
    this.#active.set(run.id, { abort, ended });
    try {
      return await ended;
    } finally {
      this.#active.delete(run.id);
    }
  }

  async #execute(
    run: StoredRun,
    options: JobWatching & { onControl?: (control: RunControl) => void },
    abort: AbortController,
  ): Promise<RunOutcome> {
    const { library, runs, metrics, owner, adapters } = this.#c;
    const signal =
      options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
    if (signal.aborted) throw new KarstError('cancelled', `The run "${run.name}" was not started.`);
    const backbone = await this.#backboneOf(run, options);
    await checkManifest(run.folder, run.manifestSha256);
    const resume = await hasCheckpoints(run.folder);
    const place = await adapters.placeForRun(run.id);
    if (!runs.claim(run.id, owner, ['queued', 'interrupted', 'failed'], now()))
      throw runState(this.get(run.id), 'another process was faster');
    const session = new RunSession(run.id, { runs, metrics }, (work) => library.transaction(work));
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
          classes: run.classes,
          resume,
          extendedAt: null,
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
      return await this.#complete(run, place.id, result, session.stopped);
    } catch (error) {
      session.end();
      throw this.#interrupt(run, session, storeFailure ?? error);
    }
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
    return { run: this.get(run.id), adapter, result };
  }

  /** Stores why a session ended without a result; returns what the caller is to be told. */
  #interrupt(run: StoredRun, session: RunSession, error: unknown): unknown {
    const { runs } = this.#c;
    const report = toErrorReport(error);
    const cancelled = report.code === 'cancelled';
    try {
      session.flush();
      runs.finish(run.id, cancelled ? 'interrupted' : 'failed', cancelled ? null : report, now());
    } catch (storeError) {
      // The row keeps its owner; the next studio finds that one gone and marks the run as interrupted.
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
      throw runState(run, 'it has come to its end', 'Start a new run with `karst train`.');
    if (!resume && run.state !== 'queued')
      throw runState(run, 'it was started before', `Go on with \`karst runs resume ${run.id}\`.`);
  }

  list(): Run[] {
    return this.#c.runs.list().map(toRun);
  }

  get(nameOrId: string): Run {
    return toRun(this.#c.runs.get(nameOrId));
  }

  metrics(nameOrId: string): MetricRecord[] {
    return this.#c.metrics.list(this.get(nameOrId).id);
  }

  requestStop(nameOrId: string): Run {
    const run = this.#settled(nameOrId);
    if (!this.#c.runs.request(run.id, 'stop')) throw runState(run, 'nothing is executing it');
    return this.get(run.id);
  }

  async remove(nameOrId: string): Promise<Run> {
    const run = this.#settled(nameOrId);
    if (run.owner !== null)
      throw runState(
        run,
        'it is being executed',
        `Stop it first with \`karst runs stop ${run.id}\`.`,
      );
    await moveToBin(this.#c.folders, run.folder, run.id);
    this.#c.runs.remove(run.id);
    return toRun(run);
  }

  /** Marks runs whose process is gone. Returns them. */
  findInterrupted(): Run[] {
    return this.#c.runs
      .list()
      .filter((run) => run.owner !== null)
      .map((run) => this.#settled(run.id))
      .filter((run) => run.owner === null)
      .map(toRun);
  }

  /** A run as it really is: without the owner that died. */
  #settled(nameOrId: string): StoredRun {
    const run = this.#c.runs.get(nameOrId);
    if (run.owner === null || isOwnerAlive(run.owner)) return run;
    this.#c.runs.finish(
      run.id,
      'interrupted',
      {
        code: 'engine-crashed',
        message: `The process that trained the run "${run.name}" ended without a word (power, or it was killed).`,
        hint: `Go on with \`karst runs resume ${run.id}\`.`,
      },
      now(),
    );
    return this.#c.runs.get(run.id);
  }

  /** Suspends what runs here and waits for it. */
  async close(): Promise<void> {
    const active = [...this.#active.values()];
    for (const { abort } of active) abort.abort();
    await Promise.allSettled(active.map(({ ended }) => ended));
  }
}

/** Without what is the host's own business. */
function toRun(stored: StoredRun): Run {
  const run: Record<string, unknown> = { ...stored };
  delete run['backbone'];
  delete run['owner'];
  delete run['manifestSha256'];
  return run as unknown as Run;
}

function runState(run: Run, why: string, hint = ''): KarstError {
  return new KarstError(
    'run-state',
    `The run "${run.name}" (${run.state}) does not allow this: ${why}.`,
    {
      hint,
    },
  );
}

async function hasCheckpoints(folder: string): Promise<boolean> {
  const path = join(folder, 'checkpoints');
  try {
    return (await readdir(path)).some((name) => /^step-\d+$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw readError(path, error);
  }
}
