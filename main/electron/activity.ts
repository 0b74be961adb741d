import type { RunView } from '../../shared/contract/window/runs.ts';
import type { Task } from '../../shared/contract/window/tasks.ts';

/** Overall progress: a fraction from 0 to 1, `unknown` while indeterminate, null while idle. */
export type Share = number | 'unknown' | null;

const GOING: readonly RunView['state'][] = ['running', 'paused'];

/** The host's activity as shown by the shell: from the lists at the start and later events. */
export class Activity {
  #runs = new Map<string, RunView>();
  #tasks = new Map<string, Task>();

  /** Resets it from the host's lists. */
  reset(runs: readonly RunView[], tasks: readonly Task[]): void {
    this.#runs = new Map(runs.map((run) => [run.id, run]));
    this.#tasks = new Map(tasks.map((task) => [task.id, task]));
  }

  /** The host has gone, with all its work. */
  clear(): void {
    this.reset([], []);
  }

  /** @returns the state that the run had before; undefined for one that was not known */
  tookRun(run: RunView): RunView['state'] | undefined {
    const before = this.#runs.get(run.id)?.state;
    this.#runs.set(run.id, run);
    return before;
  }

  tookProgress(runId: string, progress: NonNullable<RunView['progress']>): void {
    const run = this.#runs.get(runId);
    if (run !== undefined) this.#runs.set(runId, { ...run, progress });
  }

  tookTask(task: Task): void {
    this.#tasks.set(task.id, task);
  }

  /** Runs that quitting would suspend. */
  get goingRuns(): readonly RunView[] {
    return [...this.#runs.values()].filter((run) => GOING.includes(run.state));
  }

  /** Tasks that quitting would cancel. */
  get goingTasks(): readonly Task[] {
    return [...this.#tasks.values()].filter((task) => task.state === 'running');
  }

  /** Whether the application has to wait before it quits by itself. */
  get idle(): boolean {
    const waiting = [...this.#runs.values()].some((run) => run.state === 'queued');
    return !waiting && this.goingRuns.length === 0 && this.goingTasks.length === 0;
  }

  /** For the task bar: the run in training, else the earliest task. */
  get share(): Share {
    const run = this.goingRuns.find(({ state }) => state === 'running');
    if (run !== undefined) {
      return run.totalSteps > 0 ? Math.min(1, run.step / run.totalSteps) : 'unknown';
    }
    const [task] = this.goingTasks;
    if (task === undefined) return null;
    return task.total > 0 ? Math.min(1, task.done / task.total) : 'unknown';
  }
}
