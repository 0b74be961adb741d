import type { RunView } from '../../../shared/contract/window/runs.ts';
import type { RunState } from '../../../shared/domain/library.ts';
import { shownState } from '../../domain/run-state.ts';

export interface RunFilter {
  /** `all`, `none` for runs without one, or a project's id. */
  readonly project: string;
  readonly state: RunState | 'all';
}

export const NO_FILTER: RunFilter = { project: 'all', state: 'all' };

/** Matching runs: the running one first, then the queue in order, then the newest. */
export function listed(runs: readonly RunView[], filter: RunFilter): RunView[] {
  return runs
    .filter((run) => fits(run, filter))
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.queuePosition ?? 0) - (b.queuePosition ?? 0) ||
        b.createdAt.localeCompare(a.createdAt),
    );
}

function fits(run: RunView, { project, state }: RunFilter): boolean {
  const inProject =
    project === 'all' || (project === 'none' ? run.projectId === null : run.projectId === project);
  return inProject && (state === 'all' || shownState(run) === state);
}

function rank(run: RunView): number {
  if (run.queuePosition !== null) return 1;
  return run.state === 'running' || run.state === 'paused' ? 0 : 2;
}
