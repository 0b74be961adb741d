import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { kernelsToLoad, type KernelLevel } from '../../native/kernels-addon.mjs';

let loaded: KernelLevel | null | undefined;

/**
 * Adds main/engine/kernels to XLA in this process, once, after TensorFlow's own addon; programs may make the calls of
 * graph/tensorflow/kernel-calls.ts then.
 * @returns the level of processors that they are for; null where the set-up has built none that this processor runs
 */
export function loadKernels(): KernelLevel | null {
  if (loaded === undefined) loaded = openKernels();
  return loaded;
}

function openKernels(): KernelLevel | null {
  const require = createRequire(import.meta.url);
  const found = kernelsToLoad(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')));
  if (found === null) return null;
  const addon = require(found.path) as {
    /** Whether the system lets this process use what they need. */
    readonly granted: boolean;
  };
  return addon.granted ? found.level : null;
}
