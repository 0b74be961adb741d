import type { RunView } from '../../shared/contract/window/runs.ts';
import type { Task } from '../../shared/contract/window/tasks.ts';

/** How far everything is: a share from 0 to 1, `unknown` while it cannot be told, null while nothing goes on. */
export type Share = number | 'unknown' | null;

const GOING: readonly RunView['state'][] = ['running', 'paused'];

/** What goes on in the host, as far as the shell shows it: from the lists at the start and the events after. */
export class Activity {
  #runs = new Map<string, RunView>();
  #tasks = new Map<string, Task>();

  /** Begins anew from what the host lists. */
  reset(runs: readonly RunView[], tasks: readonly Task[]): void {
    this.#runs = new Map(runs.map((run) => [run.id, run]));
    this.#tasks = new Map(tasks.map((task) => [task.id, task]));
  }

  /** The host is gone, and all that went on in it. */
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

  /** Runs that would be suspended if everything ended now. */
  get goingRuns(): readonly RunView[] {
    return [...this.#runs.values()].filter((run) => GOING.includes(run.state));
  }

  /** Tasks that would be cancelled. */
  get goingTasks(): readonly Task[] {
    return [...this.#tasks.values()].filter((task) => task.state === 'running');
  }

  /** Whether there is anything to wait for before the application ends by itself. */
  get idle(): boolean {
    const waiting = [...this.#runs.values()].some((run) => run.state === 'queued');
    return !waiting && this.goingRuns.length === 0 && this.goingTasks.length === 0;
  }

  /** For the task bar: the run that is trained, else the task that was started first. */
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
