import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Frees what JavaScript no longer refers to at once; the engine would wait for a shortage that it does not see. */
export function collectGarbage(): void {
  if (collect === undefined) {
    // For this process alone: V8 gives the function to contexts that are made from now on.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
