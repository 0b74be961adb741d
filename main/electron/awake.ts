import { app, powerSaveBlocker } from 'electron';

let blocker: number | null = null;

/** While a run is trained the computer does not fall asleep by itself; its display may. */
export function keepAwake(wanted: boolean): void {
  if (wanted === (blocker !== null) || !app.isReady()) return;
  if (blocker === null) {
    blocker = powerSaveBlocker.start('prevent-app-suspension');
    return;
  }
  powerSaveBlocker.stop(blocker);
  blocker = null;
}
