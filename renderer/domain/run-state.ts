import type { RunView } from '../../shared/contract/window/runs.ts';
import type { RunState } from '../../shared/domain/library.ts';

/** The displayed state of a run: a started run in the queue is "queued". */
export function shownState(run: RunView): RunState {
  return run.queuePosition === null ? run.state : 'queued';
}

/** `activeSeconds` as last told, in whole seconds; null before it started or where not known. */
export function durationOf(run: RunView): number | null {
  const seconds = run.progress?.activeSeconds ?? run.activeSeconds;
  return run.startedAt === null || seconds === null ? null : Math.round(seconds);
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
