import { fileURLToPath } from 'node:url';
import { KarstError } from '../../../shared/domain/errors.ts';
import { kernelsProblem, type Isa } from '../../platform/kernels.mjs';
import { usableKernels, type RefusedKernels } from '../../platform/usable-kernels.mjs';

/** The kernels of this process. */
export interface Kernels {
  /** The instruction set that they are for; null: there are none, or none that pass their check, and XLA computes everything. */
  readonly isa: Isa | null;
  /** Better ones that are installed and stay off, since their check failed. */
  readonly refused: readonly RefusedKernels[];
  /** Gives memory that is free within the process back to the system, once, when a program next calls a kernel. */
  readonly trimAtNextCall: () => void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let loaded: Kernels | undefined;

/**
 * Adds main/native-ops/kernels to XLA in this process, once, after TensorFlow's own addon; where there are any, programs may make the
 * calls of main/backends/tensorflow/custom-calls.ts then.
 * @throws KarstError usage where `KARST_KERNELS` names none that can be had here: see `kernelsProblem`
 */
export function loadKernels(): Kernels {
  loaded ??= openKernels();
  return loaded;
}

function openKernels(): Kernels {
  const problem = kernelsProblem(ROOT);
  if (problem !== null) throw new KarstError('usage', problem.message, { hint: problem.hint });
  const { kernels, refused } = usableKernels(ROOT);
  kernels?.addon.useInPrograms();
  return {
    isa: kernels?.isa ?? null,
    refused,
    trimAtNextCall: () => kernels?.addon.trimAtNextCall(),
  };
}
