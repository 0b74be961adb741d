import type { TrainResult } from '../../../shared/contract/engine/results.ts';
import type { LogLine, RunPlan, RunStart } from '../../../shared/contract/window/runs.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Adapter, ParentAdapter, Run } from '../../../shared/domain/library.ts';
import type { MetricRecord, SampleRecord } from '../../../shared/domain/metrics.ts';
import type { EpochWaiting } from '../../../shared/domain/waiting.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import type { StepTimes } from '../store/step-times.ts';
import type { JobWatching } from './watching.ts';

/**
 * A randomly initialised architecture, for training from scratch (`initialize: 'random'`, `method:
 * 'full'`).
 */
export interface BareShape {
  readonly name: string;
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
}

export interface NewRunOptions {
  /** Needed but with `from`, whose own it is then. */
  readonly backbone?: string | BareShape;
  readonly dataset: string;
  readonly name?: string;
  /** Name or id. */
  readonly project?: string;
  /** Name or id of the adapter whose weights it starts from; by default it starts from the backbone. */
  readonly from?: string;
  readonly config: TrainingConfig;
}

/** A run with its place in the queue and its project. */
export interface RunDetail extends Run {
  readonly projectId: string | null;
  readonly notes: string;
  /** The adapter that it started from. */
  readonly parent: ParentAdapter | null;
  /** Steps in the whole run. */
  readonly totalSteps: number;
  /** From 0; null unless it waits in the queue. */
  readonly queuePosition: number | null;
}

export interface RunControl {
  pause(): void;
  resume(): void;
  /** Ends the run at the next step and keeps the best adapter. */
  stop(): void;
}

export interface ExecuteOptions extends JobWatching {
  /** Continue from the newest checkpoint that verifies (a `queued` run just starts). */
  readonly resume: boolean;
  /** Receives the handle for pause, resume and stop once the engine runs. */
  readonly onControl?: (control: RunControl) => void;
  /** Called with every line added to the run's log. */
  readonly onLog?: (line: LogLine) => void;
}

export interface RunOutcome {
  /** Its state is `done` or `stopped`. */
  readonly run: Run;
  readonly adapter: Adapter;
  readonly result: TrainResult;
  /** Time that steps waited for images, by epoch, over all sessions of the run. */
  readonly waiting: readonly EpochWaiting[];
}

export interface RunService {
  /**
   * Checks the settings, freezes the file list and writes `config.json` and `manifest.jsonl` of a new run.
   * @throws config-invalid, dataset-unusable, not-found, name-taken; usage for a wrong `KARST_KERNELS`;
   * backbone-mismatch with `from`
   */
  create(options: NewRunOptions): Promise<Run>;
  /**
   * Extends a finished run by a number of epochs and queues it. Steps and charts continue; the
   * result is a new adapter beside the existing one.
   *
   * The schedule is that of a run started with the new number of epochs: the learning rate jumps
   * from the end of the old cosine to the longer one. It stays a function of the step alone, so an
   * extended run can be interrupted and resumed bit for bit. A run that was stopped in mid-epoch
   * first finishes that epoch.
   * @throws run-state, checkpoint-invalid, config-invalid
   */
  extend(nameOrId: string, epochs: number): Promise<Run>;

  /**
   * What a training from an adapter is bound to, and what becomes of its classes on a dataset, by
   * default that of its run.
   * @throws not-found, dataset-unusable
   */
  start(adapter: string, dataset?: string): Promise<RunStart>;

  list(): Run[];
  get(nameOrId: string): Run;
  details(): RunDetail[];
  detail(nameOrId: string): RunDetail;
  /** The records after a step, oldest first; a page ends with the last record of a step. */
  metrics(nameOrId: string, afterStep?: number, limit?: number): MetricRecord[];
  /** Time that the steps of each epoch so far waited for images. */
  waiting(nameOrId: string): readonly EpochWaiting[];
  /** Predictions on a few validation images after each validation. @throws not-readable */
  samples(nameOrId: string): Promise<SampleRecord[]>;
  /** `Run.activeSeconds` at this moment, also of a run that is executing. */
  activeSeconds(id: string): number | null;
  /** The last lines of its log. @throws not-readable */
  log(nameOrId: string, lines?: number): Promise<LogLine[]>;
  /** @throws name-taken, usage */
  rename(nameOrId: string, name: string): Run;
  note(nameOrId: string, text: string): Run;
  /**
   * Asks the process that executes the run, this one or another, to end it and keep its best adapter. One that was
   * interrupted or has failed comes first in the queue, and ends before it trains another step.
   * @throws run-state for one that waits or has ended, or has no checkpoint
   */
  requestStop(nameOrId: string): Run;
  /** Moves the run's folder to the home's `bin`. @throws run-state while it is executed */
  remove(nameOrId: string): Promise<Run>;

  /** Queued runs, next first. */
  queued(): Run[];
  /**
   * Appends a new, interrupted or failed run to the queue; a queued one keeps its place. @throws
   * run-state
   */
  enqueue(nameOrId: string): Run;
  /** A run that can be trained or resumed now. @throws run-state */
  startable(nameOrId: string): Run;
  /** Queues an interrupted run first; does nothing with any other. */
  keepPlace(nameOrId: string): void;
  /** Removes a run from the queue; it can be resumed. @throws run-state when it is not queued */
  dequeue(nameOrId: string): Run;
  /**
   * Removes a run that could not be started from the queue. Does nothing if it is no longer queued.
   */
  giveUp(nameOrId: string, error: ErrorReport): Run;
  /**
   * @param before id of the queued run to be placed before, `null` for the end; one that has
   * started since means the first place
   * @throws run-state when it is not queued
   */
  move(nameOrId: string, before: string | null): Run;
}

export interface PlanRequest {
  readonly backbone: string;
  readonly dataset: string;
  readonly config: TrainingConfig;
}

/** Plans: what settings mean before anything is started. */
export interface PlanService {
  /** Fast. Without a dataset, values that depend on one are 0 or null. @throws not-found */
  plan(
    request: Omit<PlanRequest, 'dataset'> & { readonly dataset: string | null },
  ): Promise<RunPlan>;
  /**
   * Times a few steps with these settings in an engine, and stores the times for later plans.
   * @throws in-use while a run is training: both would be slowed down; config-invalid,
   * dataset-unusable, not-found, out-of-memory, cancelled and what engines report
   */
  benchmark(request: PlanRequest, watching?: JobWatching): Promise<StepTimes>;
}
