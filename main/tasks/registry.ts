import { taskSpec } from '../../shared/tasks/registry.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { singleLabel } from './single-label.ts';
import type { Task } from './task.ts';

const TASKS = new Map<string, Task>();

/** Registers the computations of a task of `shared/tasks/registry.ts`. */
export function registerTask(task: Task): void {
  TASKS.set(task.spec.name, task);
}

registerTask(singleLabel);

/** @throws config-invalid listing the known tasks */
export function taskNamed(name: string): Task {
  const task = TASKS.get(taskSpec(name).name);
  if (task === undefined)
    throw new KarstError('internal', `The task "${name}" has no computations.`);
  return task;
}
