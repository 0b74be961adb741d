import { KarstError } from '../domain/errors.ts';
import { singleLabel } from './single-label.ts';
import type { TaskSpec } from './task.ts';

const SPECS = new Map<string, TaskSpec>();

/** Every task of runs and adapter files; `main/tasks/registry.ts` has their computations. */
export function registerTaskSpec(spec: TaskSpec): void {
  SPECS.set(spec.name, spec);
}

registerTaskSpec(singleLabel);

export function taskNames(): string[] {
  return [...SPECS.keys()];
}

/** @throws config-invalid naming the known tasks */
export function taskSpec(name: string): TaskSpec {
  const spec = SPECS.get(name);
  if (spec !== undefined) return spec;
  throw new KarstError('config-invalid', `There is no task named "${name}".`, {
    hint: `Tasks: ${taskNames().join(', ')}.`,
  });
}
