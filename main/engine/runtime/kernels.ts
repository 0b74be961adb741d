import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { kernelsToLoad } from '../../native/kernels-addon.mjs';

/** What main/engine/kernels adds to XLA in this process. */
export interface Kernels {
  /** Whether the custom calls of graph/tensorflow/kernel-calls.ts are there. */
  readonly kernels: boolean;
}

let loaded: Kernels | undefined;

/** Loads the addon once a process, after TensorFlow's own, where the set-up has built it and the processor can run it. */
export function loadKernels(): Kernels {
  loaded ??= openKernels();
  return loaded;
}

function openKernels(): Kernels {
  const require = createRequire(import.meta.url);
  const path = kernelsToLoad(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')));
  return path === null ? { kernels: false } : (require(path) as Kernels);
}
