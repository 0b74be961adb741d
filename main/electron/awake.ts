import { app, powerSaveBlocker } from 'electron';

let blocker: number | null = null;

/** Prevents sleep of the computer, not of its display, while a run trains. */
export function keepAwake(wanted: boolean): void {
  if (wanted === (blocker !== null) || !app.isReady()) return;
  if (blocker === null) {
    blocker = powerSaveBlocker.start('prevent-app-suspension');
    return;
  }
  powerSaveBlocker.stop(blocker);
  blocker = null;
}
