import type { RunView } from '../../shared/contract/window/runs.ts';

/** The run with the best validation accuracy that has an adapter; null without one. */
export function bestRun(runs: readonly RunView[]): { run: RunView; adapterId: string } | null {
  let best: { run: RunView; adapterId: string } | null = null;
  for (const run of runs) {
    if (run.adapterId === null) continue;
    if (best === null || (run.bestTop1 ?? 0) > (best.run.bestTop1 ?? 0)) {
      best = { run, adapterId: run.adapterId };
    }
  }
  return best;
}
