import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects garbage immediately: V8 does not see the native memory that its objects hold. */
export function collectGarbage(): void {
  if (collect === undefined) {
    // For this process alone: V8 gives the function to contexts that are made from now on.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
