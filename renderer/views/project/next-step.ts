import type { Project } from '../../../shared/contract/window/projects.ts';
import type { RunView } from '../../../shared/contract/window/runs.ts';
import { bestRun } from '../../domain/best-run.ts';

export type Step =
  | { readonly kind: 'data' }
  | { readonly kind: 'backbone' }
  | { readonly kind: 'train' }
  | { readonly kind: 'running' | 'resume' | 'failed'; readonly run: RunView }
  | { readonly kind: 'use'; readonly run: RunView; readonly adapterId: string };

/**
 * The next step in a project: a running run first, then unfinished ones, then the best result, or
 * else what is missing for one.
 *
 * @param runs of the project, newest first
 */
export function nextStep(project: Project, runs: readonly RunView[]): Step {
  const running = runs.find((run) => run.state === 'running' || run.state === 'paused');
  if (running !== undefined) return { kind: 'running', run: running };
  const [newest] = runs;
  if (newest?.state === 'interrupted') return { kind: 'resume', run: newest };
  if (newest?.state === 'failed') return { kind: 'failed', run: newest };
  const best = bestRun(runs);
  if (best !== null) return { kind: 'use', ...best };
  if (project.datasetIds.length === 0) return { kind: 'data' };
  if (project.backboneId === null) return { kind: 'backbone' };
  return { kind: 'train' };
}
