import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { kernelsToLoad, type KernelLevel } from '../../native/kernels-addon.mjs';

/** The kernels of this process. */
export interface Kernels {
  /** Of processors that they are for. */
  readonly level: KernelLevel;
  /** Gives memory that is free within the process back to the system, once, when a program next calls a kernel. */
  readonly trimAtNextCall: () => void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let loaded: Kernels | null | undefined;

/**
 * Adds main/engine/kernels to XLA in this process, once, after TensorFlow's own addon; programs may make the calls of
 * main/backends/tensorflow/custom-calls.ts then.
 * @returns null where the set-up has built none that this processor runs
 */
export function loadKernels(): Kernels | null {
  if (loaded === undefined) loaded = openKernels();
  return loaded;
}

function openKernels(): Kernels | null {
  const found = kernelsToLoad(ROOT);
  if (found === null) return null;
  const { granted, trimAtNextCall } = createRequire(import.meta.url)(found.path) as {
    /** Whether the system lets this process use what they need. */
    readonly granted: boolean;
    readonly trimAtNextCall: () => void;
  };
  return granted ? { level: found.level, trimAtNextCall } : null;
}
