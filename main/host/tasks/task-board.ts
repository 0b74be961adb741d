import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { Task, TaskKind, TaskResult } from '../../../shared/contract/window/tasks.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import { newId } from '../store/names.ts';
import { now } from '../store/rows.ts';
import type { Progress } from '../contract/watching.ts';
import type { Emit } from '../events.ts';

/** Throttle interval of a task's progress events in milliseconds: at most ten per second. */
const PROGRESS_MS = 100;

/** Limit of finished tasks kept until dismissed; the oldest are removed first. */
const ENDED_KEPT = 50;

/** Milliseconds that a phase must last before its remaining time is estimated. */
const ESTIMATE_AFTER_MS = 2_000;

/** The interface of a task's work. */
export interface TaskWork {
  /** Aborted by `tasks.cancel` and when the host closes; the work then rejects with `cancelled`. */
  readonly signal: AbortSignal;
  /** @param secondsLeft default: estimated from the speed of the phase */
  readonly progress: (
    phase: string,
    done: number,
    total: number,
    secondsLeft?: number | null,
  ) => void;
  /** Handles an engine's events; shows its progress. */
  readonly engine: (event: EngineEvent) => void;
  /** Handles the progress of the host's own work. */
  readonly host: (progress: Progress) => void;
  /** Shows that a host of the network is asked. */
  readonly asks: (host: string) => void;
}

interface Entry {
  task: Task;
  readonly abort: AbortController;
  ended: Promise<void>;
  /** Time of the last event, and the timer of the next. */
  toldAt: number;
  timer: NodeJS.Timeout | null;
  phaseBeganAt: number;
}

/**
 * Runs long work other than training, independent of windows. Every change is sent to all windows
 * by the event `task`, progress at most ten times per second.
 */
export class TaskBoard {
  readonly #emit: Emit;
  /** In order of their start. */
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /**
   * Starts the work and returns immediately.
   * @param subject name of what it works on, for people
   * @throws not-available when the host is closing
   */
  start(kind: TaskKind, subject: string, work: (task: TaskWork) => Promise<TaskResult>): Task {
    if (this.#closed)
      throw new KarstError('not-available', 'KARST Studio is closing.', {
        hint: 'Start it again and repeat this.',
      });
    const abort = new AbortController();
    const task: Task = {
      id: newId('task'),
      kind,
      subject,
      state: 'running',
      phase: 'starting',
      done: 0,
      total: 0,
      secondsLeft: null,
      hosts: [],
      result: null,
      error: null,
      startedAt: now(),
    };
    const entry: Entry = {
      task,
      abort,
      ended: Promise.resolve(),
      toldAt: performance.now(),
      timer: null,
      phaseBeganAt: performance.now(),
    };
    this.#entries.set(task.id, entry);
    this.#emit('task', task);
    entry.ended = this.#carryOut(entry, work);
    return task;
  }

  /** Newest first. */
  list(): Task[] {
    return [...this.#entries.values()].map(({ task }) => task).reverse();
  }

  /** Requests cancellation of a running task, which ends later. A finished one is unchanged. */
  cancel(id: string): Task {
    const { task, abort } = this.#get(id);
    if (task.state === 'running') abort.abort();
    return task;
  }

  /** Removes a finished one from the list. @throws in-use while it runs */
  dismiss(id: string): void {
    const { task } = this.#get(id);
    if (task.state === 'running')
      throw new KarstError('in-use', `"${task.subject}" is still running.`, {
        hint: 'Cancel it first.',
      });
    this.#entries.delete(id);
  }

  /** Cancels running tasks and waits for them. */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#entries.values()];
    for (const { abort } of entries) abort.abort();
    await Promise.all(entries.map(({ ended }) => ended));
  }

  #get(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new KarstError('not-found', `There is no task "${id}".`, {
      hint: 'It may have been dismissed in another window.',
    });
  }

  /** Never rejects: the outcome is the task's state. */
  async #carryOut(entry: Entry, work: (task: TaskWork) => Promise<TaskResult>): Promise<void> {
    const { signal } = entry.abort;
    const progress: TaskWork['progress'] = (phase, done, total, secondsLeft) =>
      this.#progress(entry, phase, done, total, secondsLeft);
    try {
      const result = await work({
        signal,
        progress,
        engine(event) {
          if (event.type === 'progress')
            progress(event.phase, event.done, event.total, event.secondsLeft);
        },
        host: ({ phase, done, total }) => progress(phase, done, total),
        asks: (host) => {
          entry.task = { ...entry.task, hosts: [...entry.task.hosts, host] };
          this.#tell(entry);
        },
      });
      this.#end(entry, { state: 'done', result });
    } catch (error) {
      const report = toErrorReport(error);
      const asked =
        report.code === 'cancelled' ||
        (signal.aborted && error instanceof Error && error.name === 'AbortError');
      this.#end(entry, asked ? { state: 'cancelled' } : { state: 'failed', error: report });
    }
  }

  #progress(
    entry: Entry,
    phase: string,
    done: number,
    total: number,
    secondsLeft: number | null | undefined,
  ): void {
    if (entry.task.state !== 'running') return;
    const at = performance.now();
    if (phase !== entry.task.phase) entry.phaseBeganAt = at;
    entry.task = {
      ...entry.task,
      phase,
      done: whole(done),
      total: whole(total),
      secondsLeft:
        secondsLeft === undefined ? estimate(at - entry.phaseBeganAt, done, total) : secondsLeft,
    };
    const wait = entry.toldAt + PROGRESS_MS - at;
    if (wait <= 0) this.#tell(entry);
    else entry.timer ??= setTimeout(() => this.#tell(entry), wait);
  }

  #end(entry: Entry, how: Pick<Task, 'state'> & Partial<Pick<Task, 'result' | 'error'>>): void {
    entry.task = { ...entry.task, secondsLeft: null, ...how };
    this.#tell(entry);
    const ended = [...this.#entries.values()].filter(({ task }) => task.state !== 'running');
    for (const { task } of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT)))
      this.#entries.delete(task.id);
  }

  #tell(entry: Entry): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    entry.toldAt = performance.now();
    this.#emit('task', entry.task);
  }
}

const whole = (value: number): number => Math.max(0, Math.round(value));

function estimate(elapsedMs: number, done: number, total: number): number | null {
  if (elapsedMs < ESTIMATE_AFTER_MS || done <= 0 || total <= 0) return null;
  return (elapsedMs / 1000 / done) * Math.max(0, total - done);
}
