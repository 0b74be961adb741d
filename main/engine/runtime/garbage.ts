import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Forces a garbage collection: V8 does not account for the native memory that its objects hold. */
export function collectGarbage(): void {
  if (collect === undefined) {
    // Affects this process only: V8 exposes `gc` in contexts created from now on.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
