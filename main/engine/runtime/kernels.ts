import { fileURLToPath } from 'node:url';
import { KarstError } from '../../../shared/domain/errors.ts';
import { kernelsProblem, type Isa } from '../../platform/kernels.mjs';
import { usableKernels, type RefusedKernels } from '../../platform/usable-kernels.mjs';

/** The native kernels loaded in this process. */
export interface Kernels {
  /**
   * Instruction set of the kernels; null if none are installed or pass their check: XLA then
   * computes everything.
   */
  readonly isa: Isa | null;
  /** Better kernels that are installed but disabled, because their check failed. */
  readonly refused: readonly RefusedKernels[];
  /** Returns free heap memory to the system, once, when a program next calls a kernel. */
  readonly trimAtNextCall: () => void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let loaded: Kernels | undefined;

/**
 * Registers main/native-ops/kernels with XLA, once per process, after TensorFlow's own addon is
 * loaded. If there are any, programs may use the calls of main/backends/tensorflow/custom-calls.ts.
 * @throws KarstError usage if `KARST_KERNELS` names kernels that are unavailable: see
 * `kernelsProblem`
 */
export function loadKernels(): Kernels {
  loaded ??= openKernels();
  return loaded;
}

function openKernels(): Kernels {
  // The host has asked the same before it made a run; engines of other jobs are told here.
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
