import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';

export const SAMPLE_STEPS = ['importing', 'training', 'finishing'] as const;
export type SampleStep = (typeof SAMPLE_STEPS)[number];

/** Progress of the sample: its task imports and queues a run, then the run trains. */
export type SampleProgress =
  | { readonly kind: 'offer' }
  | { readonly kind: 'going'; readonly step: SampleStep; readonly run: RunView | null }
  | { readonly kind: 'ready'; readonly run: RunView; readonly projectId: string }
  /** The run ended without an adapter, or waits for the user. */
  | { readonly kind: 'halted'; readonly run: RunView };

export function sampleProgress(
  task: Task | null,
  runs: ReadonlyMap<string, RunView>,
): SampleProgress {
  if (task === null || task.state === 'failed' || task.state === 'cancelled') {
    return { kind: 'offer' };
  }
  if (task.state === 'running') return { kind: 'going', step: 'importing', run: null };
  if (task.result?.kind !== 'sample') return { kind: 'offer' };
  const { runId, projectId } = task.result;
  const run = runs.get(runId);
  if (run === undefined) return { kind: 'going', step: 'training', run: null };
  if (run.state === 'running' || run.state === 'queued') {
    const trained = run.totalSteps > 0 && run.step >= run.totalSteps;
    return { kind: 'going', step: trained ? 'finishing' : 'training', run };
  }
  if (run.adapterId !== null) return { kind: 'ready', run, projectId };
  return { kind: 'halted', run };
}
