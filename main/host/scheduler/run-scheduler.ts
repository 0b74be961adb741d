import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { Adapter, Run } from '../../../shared/domain/library.ts';
import type { RunControl, RunOutcome, RunService } from '../contract/runs.ts';
import type { RunObserver, SchedulerService, TrainOptions } from '../contract/scheduler.ts';
import type { RunExecutor } from '../services/runs/run-executor.ts';

export interface RunSchedulerOptions {
  readonly runs: RunService;
  readonly executor: Pick<RunExecutor, 'execute'>;
}

/** The run trained by this process. */
interface Current {
  readonly id: string;
  /** Interrupts the run. */
  readonly abort: AbortController;
  /** Never rejects. */
  ended: Promise<unknown>;
  control: RunControl | null;
  /** Control requested before the engine existed. */
  asked: 'pause' | 'stop' | null;
}

/**
 * Trains one run at a time, in a persistent order. After a failed run the next one starts. A run
 * interrupted by closing the studio comes first at the next start; other interrupted runs wait
 * until they are resumed. A paused run keeps its engine and its slot.
 */
export class RunScheduler implements SchedulerService {
  readonly #runs: RunService;
  readonly #executor: Pick<RunExecutor, 'execute'>;
  readonly #observers = new Set<RunObserver>();
  #current: Current | null = null;
  /**
   * `idle` until `start`; `held` after an engine could not start, until another run is requested;
   * `closed` for good after `close`.
   */
  #state: 'idle' | 'going' | 'held' | 'closed' = 'idle';

  constructor({ runs, executor }: RunSchedulerOptions) {
    this.#runs = runs;
    this.#executor = executor;
  }

  observe(observer: RunObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  start(): void {
    if (this.#state === 'idle') this.#state = 'going';
    this.#next();
  }

  async train(nameOrId: string, options: TrainOptions): Promise<RunOutcome> {
    const run = this.#runs.get(nameOrId);
    if (this.#state === 'closed')
      throw new KarstError('cancelled', `The run "${run.name}" was not started.`);
    const current = this.#current;
    if (current !== null && current.id !== run.id)
      throw new KarstError(
        'run-state',
        `The run "${run.name}" cannot start: "${this.#runs.get(current.id).name}" is being trained.`,
        { hint: 'Wait for its end, or pause it.' },
      );
    // A run already training in this process is refused with the same error as one in another
    // process.
    if (current !== null) return this.#executor.execute(run.id, options);
    return this.#begin(run.id, options, () => undefined);
  }

  enter(nameOrId: string): Run {
    const { id } = this.#runs.enqueue(nameOrId);
    this.#tell((observer) => observer.entered(id));
    this.#goOn();
    return this.#changed(id);
  }

  async extend(nameOrId: string, epochs: number): Promise<Run> {
    const { id } = await this.#runs.extend(nameOrId, epochs);
    this.#goOn();
    return this.#changed(id);
  }

  pause(nameOrId: string): Run {
    const current = this.#requireCurrent(nameOrId);
    if (current.control === null) current.asked ??= 'pause';
    else current.control.pause();
    return this.#runs.get(current.id);
  }

  resume(nameOrId: string): Run {
    const run = this.#runs.get(nameOrId);
    const current = this.#current;
    if (current?.id !== run.id) return this.enter(run.id);
    if (current.control === null) current.asked = current.asked === 'stop' ? 'stop' : null;
    else current.control.resume();
    return this.#runs.get(run.id);
  }

  stop(nameOrId: string): Run {
    const run = this.#runs.detail(nameOrId);
    const current = this.#current;
    if (current?.id === run.id) {
      if (current.control === null) current.asked = 'stop';
      else current.control.stop();
      return this.#runs.get(run.id);
    }
    if (run.queuePosition === null) {
      const asked = this.#runs.requestStop(run.id);
      if (asked.state !== 'queued') return this.#changed(asked.id);
      this.#tell((observer) => observer.reordered());
      this.#goOn();
      return this.#changed(asked.id);
    }
    const left = this.#changed(this.#runs.dequeue(run.id).id);
    this.#tell((observer) => observer.reordered());
    return left;
  }

  move(nameOrId: string, before: string | null): Run {
    const run = this.#runs.move(nameOrId, before);
    this.#tell((observer) => observer.reordered());
    return run;
  }

  /**
   * Interrupts the current run after a checkpoint. It is put first in the queue unless it was
   * paused; queued runs stay queued.
   */
  async close(): Promise<void> {
    const started = this.#state === 'going' || this.#state === 'held';
    this.#state = 'closed';
    const current = this.#current;
    if (current === null) return;
    const goesOn = started && this.#runs.get(current.id).state !== 'paused';
    current.abort.abort();
    await current.ended;
    if (goesOn) this.#guard(() => this.#runs.keepPlace(current.id));
  }

  /** Called when a run was requested: resumes a held queue. */
  #goOn(): void {
    if (this.#state === 'held') this.#state = 'going';
    this.#next();
  }

  #next(): void {
    if (this.#state !== 'going' || this.#current !== null) return;
    const [run] = this.#runs.queued();
    if (run === undefined) return;
    // The outcome is stored in the run's state; storage errors are reported to observers.
    const over = (): void => undefined;
    this.#begin(run.id, { resume: true }, (error) => this.#giveUp(run.id, error)).then(over, over);
  }

  #begin(
    id: string,
    options: TrainOptions,
    onError: (error: unknown) => void,
  ): Promise<RunOutcome> {
    const current: Current = {
      id,
      abort: new AbortController(),
      ended: Promise.resolve(),
      control: null,
      asked: null,
    };
    this.#current = current;
    this.#tell((observer) => observer.began(id));
    const outcome = this.#execute(current, options, onError);
    const over = (): void => undefined;
    current.ended = outcome.then(over, over);
    return outcome;
  }

  async #execute(
    current: Current,
    options: TrainOptions,
    onError: (error: unknown) => void,
  ): Promise<RunOutcome> {
    const { id, abort } = current;
    const observers = this.#observers;
    let adapter: Adapter | null = null;
    try {
      const outcome = await this.#executor.execute(id, {
        resume: options.resume,
        signal:
          options.signal === undefined
            ? abort.signal
            : AbortSignal.any([options.signal, abort.signal]),
        onProgress: (progress) => {
          options.onProgress?.(progress);
          for (const observer of observers) observer.progressed(id, progress);
        },
        onEvent: (event) => {
          options.onEvent?.(event);
          for (const observer of observers) observer.engineSaid(id, event);
          // The engine's first message: the run leaves the queue, and the others move up.
          if (event.type === 'ready') for (const observer of observers) observer.reordered();
        },
        onLog: (line) => {
          for (const observer of observers) observer.logged(id, line);
        },
        onControl: (control) => {
          current.control = control;
          if (current.asked === 'pause') control.pause();
          else if (current.asked === 'stop') control.stop();
          for (const observer of observers) observer.changed(id);
        },
      });
      ({ adapter } = outcome);
      return outcome;
    } catch (error) {
      onError(error);
      throw error;
    } finally {
      this.#current = null;
      this.#tell((observer) => observer.ended(id, adapter));
      this.#tell((observer) => observer.reordered());
      this.#guard(() => this.#next());
    }
  }

  /** Handles a queued run that did not finish. */
  #giveUp(id: string, error: unknown): void {
    const report = toErrorReport(error);
    // Every run would fail in the same way, so the queue is held.
    if (report.code === 'engine-unavailable' && this.#state === 'going') this.#state = 'held';
    if (this.#state === 'closed') return;
    this.#guard(() => {
      // A run that could not start (e.g. its backbone is missing) would otherwise be retried
      // forever.
      const run = this.#runs.giveUp(id, report);
      const known = run.state === 'failed' || run.state === 'interrupted';
      if (!known) this.#tell((observer) => observer.failed(report));
    });
  }

  /** Runs work that must not stop the queue; library errors are reported to observers. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const report = toErrorReport(error);
      for (const observer of this.#observers) observer.failed(report);
    }
  }

  #tell(what: (observer: RunObserver) => void): void {
    for (const observer of this.#observers) this.#guard(() => what(observer));
  }

  #changed(id: string): Run {
    this.#tell((observer) => observer.changed(id));
    return this.#runs.get(id);
  }

  #requireCurrent(nameOrId: string): Current {
    const run = this.#runs.get(nameOrId);
    if (this.#current?.id === run.id) return this.#current;
    const elsewhere = run.state === 'running' || run.state === 'paused';
    throw new KarstError(
      'run-state',
      elsewhere
        ? `The run "${run.name}" is running in another process.`
        : `The run "${run.name}" (${run.state}) is not being trained.`,
      {
        hint: elsewhere
          ? 'Pause it where it was started.'
          : 'Only a run that is being trained can be paused.',
      },
    );
  }
}
