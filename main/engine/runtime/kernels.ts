import { fileURLToPath } from 'node:url';
import type { KernelLevel } from '../../native/kernels-addon.mjs';
import { usableKernels, type RefusedKernels } from '../../native/usable-kernels.mjs';

/** The kernels of this process. */
export interface Kernels {
  /** Of processors that they are for; null: there are none, or none that pass their check, and XLA computes everything. */
  readonly level: KernelLevel | null;
  /** Better ones that are installed and stay off, since their check failed. */
  readonly refused: readonly RefusedKernels[];
  /** Gives memory that is free within the process back to the system, once, when a program next calls a kernel. */
  readonly trimAtNextCall: () => void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let loaded: Kernels | undefined;

/**
 * Adds main/engine/kernels to XLA in this process, once, after TensorFlow's own addon; where there are any, programs may make the
 * calls of main/backends/tensorflow/custom-calls.ts then.
 */
export function loadKernels(): Kernels {
  loaded ??= openKernels();
  return loaded;
}

function openKernels(): Kernels {
  const { kernels, refused } = usableKernels(ROOT);
  kernels?.addon.useInPrograms();
  return {
    level: kernels?.level ?? null,
    refused,
    trimAtNextCall: () => kernels?.addon.trimAtNextCall(),
  };
}
