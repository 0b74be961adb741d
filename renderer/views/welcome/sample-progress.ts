import type { Task } from '../../../shared/contract/studio/tasks.ts';

export const SAMPLE_STEPS = ['importing', 'training', 'finishing'] as const;
export type SampleStep = (typeof SAMPLE_STEPS)[number];

/** Phases of looking at files, as the import reports them. */
const IMPORT_PHASES = ['listing', 'hashing', 'checking', 'importing', 'starting'];

/** Which of the sample's steps its task is at. */
export function sampleStep(task: Task, training: boolean): SampleStep {
  if (training) return 'training';
  if (IMPORT_PHASES.includes(task.phase)) return 'importing';
  return task.phase === 'saving' ? 'finishing' : 'training';
}
