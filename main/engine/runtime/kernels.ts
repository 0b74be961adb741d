import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { KERNELS, processorRunsKernels } from '../../native/kernels-addon.mjs';

/** What main/engine/kernels adds to XLA in this process. */
export interface Kernels {
  /** Whether the custom calls of graph/tensorflow/tile-calls.ts are there. */
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
  const path = join(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), KERNELS);
  if (!processorRunsKernels() || !existsSync(path)) return { kernels: false };
  return require(path) as Kernels;
}
