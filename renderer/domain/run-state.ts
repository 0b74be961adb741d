import type { RunView } from '../../shared/contract/window/runs.ts';
import type { RunState } from '../../shared/domain/library.ts';

/** The displayed state of a run: a started run in the queue is "queued". */
export function shownState(run: RunView): RunState {
  return run.queuePosition === null ? run.state : 'queued';
}

/** Seconds from the run's first start to its end, or to now; null before it started. */
export function elapsedSeconds(run: RunView, now: number): number | null {
  if (run.startedAt === null) return null;
  const end = run.endedAt === null ? now : Date.parse(run.endedAt);
  return Math.max(0, (end - Date.parse(run.startedAt)) / 1000);
}

/** What can be done with a run in its state. */
export interface RunAbilities {
  readonly pause: boolean;
  readonly resume: boolean;
  readonly stop: boolean;
  readonly dequeue: boolean;
  readonly extend: boolean;
  readonly remove: boolean;
}

export function abilitiesOf(run: RunView): RunAbilities {
  const { state } = run;
  const waits = run.queuePosition !== null;
  const active = state === 'running' || state === 'paused';
  const left = !waits && (state === 'interrupted' || state === 'failed');
  return {
    pause: state === 'running',
    resume:
      !waits &&
      (state === 'paused' || state === 'interrupted' || state === 'failed' || state === 'queued'),
    stop: active || (left && (run.checkpointStep ?? 0) > 0),
    dequeue: waits,
    extend: !waits && (state === 'done' || state === 'stopped'),
    remove: !active,
  };
}
