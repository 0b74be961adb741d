import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { LogLine } from '../../../shared/contract/window/runs.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { Adapter, Run } from '../../../shared/domain/library.ts';
import type { RunOutcome } from './runs.ts';
import type { JobWatching, Progress } from './watching.ts';

/** Whoever follows the runs that are trained here. What it throws about an engine's event ends that run. */
export interface RunObserver {
  /** The run's turn has come; nothing of it has been done. */
  began(runId: string): void;
  /** What the host does before there is an engine. */
  progressed(runId: string, progress: Progress): void;
  engineSaid(runId: string, event: EngineEvent): void;
  logged(runId: string, line: LogLine): void;
  /** The run is another than before, in a way that none of the others tells of. */
  changed(runId: string): void;
  /** @param adapter null when the run did not come to its end */
  ended(runId: string, adapter: Adapter | null): void;
  /** A run came into the queue. */
  entered(runId: string): void;
  /** Places in the queue have changed. */
  reordered(): void;
  /** What went wrong and is not the state of any run. */
  failed(error: ErrorReport): void;
}

export interface TrainOptions extends JobWatching {
  /** Continue from the newest checkpoint that verifies (a `queued` run just starts). */
  readonly resume: boolean;
}

/**
 * Trains runs, one at a time in this process. Runs that wait do so in an order that outlives the studio; they are
 * taken up only after `start`.
 */
export interface SchedulerService {
  /** Returns the way to stop observing. */
  observe(observer: RunObserver): () => void;
  /** Takes up the runs that wait, and those that come. */
  start(): void;
  /**
   * Trains a run at once, past those that wait. Aborting the signal suspends it (checkpoint written, state
   * `interrupted`) and rejects with `cancelled`; an engine that does not answer within the grace period is killed.
   * @throws run-state, also while another run is trained here; file-changed, engine-crashed, out-of-memory, diverged,
   * cancelled and what the engine reports
   */
  train(nameOrId: string, options: TrainOptions): Promise<RunOutcome>;
  /** Puts a new, interrupted or failed run behind those that wait. @throws run-state */
  enter(nameOrId: string): Run;
  /** Gives a run that has ended more epochs and puts it into the queue. @throws as `RunService.extend` */
  extend(nameOrId: string, epochs: number): Promise<Run>;
  /** @throws run-state when it is not trained here */
  pause(nameOrId: string): Run;
  /** Goes on with a paused run; puts a new, interrupted or failed one into the queue. @throws run-state */
  resume(nameOrId: string): Run;
  /** Ends a run and keeps its best adapter; takes a waiting one out of the queue. @throws run-state */
  stop(nameOrId: string): Run;
  /** @param before the run to come before, `null` for the end. @throws run-state when it does not wait */
  move(nameOrId: string, before: string | null): Run;
  /** Suspends the run that is trained, with a checkpoint; those that wait stay in the queue. */
  close(): Promise<void>;
}
