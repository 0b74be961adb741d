import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { LogLine } from '../../../shared/contract/window/runs.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Adapter, Run } from '../../../shared/domain/library.ts';
import type { RunOutcome } from './runs.ts';
import type { JobWatching, Progress } from './watching.ts';

/**
 * An observer of the runs trained by this process. An exception in its handler of an engine's event
 * fails that run.
 */
export interface RunObserver {
  /** The run is next; nothing of it has been done. */
  began(runId: string): void;
  /** Phases of the host before there is an engine. */
  progressed(runId: string, progress: Progress): void;
  engineSaid(runId: string, event: EngineEvent): void;
  logged(runId: string, line: LogLine): void;
  /** The run has changed in a way that no other event covers. */
  changed(runId: string): void;
  /** @param adapter null when the run did not finish */
  ended(runId: string, adapter: Adapter | null): void;
  /** A run was queued. */
  entered(runId: string): void;
  /** Places in the queue have changed. */
  reordered(): void;
  /** An error that is not the state of a run. */
  failed(error: ErrorReport): void;
}

export interface TrainOptions extends JobWatching {
  /** Continue from the newest checkpoint that verifies (a `queued` run just starts). */
  readonly resume: boolean;
}

/**
 * Trains runs, one at a time in this process. The order of queued runs is persistent; they are
 * started only after `start`.
 */
export interface SchedulerService {
  /** @returns a function that stops observing */
  observe(observer: RunObserver): () => void;
  /** Starts the queued runs, and those queued later. */
  start(): void;
  /**
   * Trains a run immediately, ahead of the queue. Aborting the signal suspends it (checkpoint
   * written, state `interrupted`) and rejects with `cancelled`; an engine that does not answer
   * within the grace period is killed.
   * @throws run-state, also while another run is trained here; file-changed, engine-crashed,
   * out-of-memory, diverged, cancelled and what the engine reports
   */
  train(nameOrId: string, options: TrainOptions): Promise<RunOutcome>;
  /** Appends a new, interrupted or failed run to the queue. @throws run-state */
  enter(nameOrId: string): Run;
  /** Extends a finished run by more epochs and queues it. @throws as `RunService.extend` */
  extend(nameOrId: string, epochs: number): Promise<Run>;
  /** @throws run-state when it is not trained by this process */
  pause(nameOrId: string): Run;
  /** Resumes a paused run; queues a new, interrupted or failed one. @throws run-state */
  resume(nameOrId: string): Run;
  /**
   * Ends a run and keeps its best adapter; removes a queued one from the queue. @throws run-state
   */
  stop(nameOrId: string): Run;
  /**
   * @param before the run to be placed before, `null` for the end. @throws run-state when it is not
   * queued
   */
  move(nameOrId: string, before: string | null): Run;
  /** Suspends the running run with a checkpoint; queued runs stay in the queue. */
  close(): Promise<void>;
}
