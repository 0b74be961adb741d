import { Notification } from 'electron';
import type { RunView } from '../../shared/contract/window/runs.ts';
import type { Words } from './words.ts';

export interface RunEnd {
  readonly title: string;
  readonly body: string;
}

/**
 * The notification about a run that ended by itself; null if it continues or was ended on purpose.
 */
export function endOf(
  run: RunView,
  before: RunView['state'] | undefined,
  words: Words,
): RunEnd | null {
  if (before !== 'running') return null;
  if (run.state === 'done') {
    const body = run.bestTop1 === null ? '' : words.runDoneText((run.bestTop1 * 100).toFixed(1));
    return { title: words.runDone(run.name), body };
  }
  if (run.state === 'failed') {
    return { title: words.runFailed(run.name), body: run.error?.message ?? '' };
  }
  return null;
}

/** Shown notifications, kept referenced so that clicks are reported. */
const shown = new Set<Notification>();

/** Shows it if the platform supports notifications. */
export function notify(end: RunEnd, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({ ...end, silent: true });
  shown.add(notification);
  notification.on('click', onClick);
  notification.on('close', () => shown.delete(notification));
  notification.show();
}
