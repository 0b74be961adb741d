import { fileURLToPath } from 'node:url';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  KERNELS_VALUES,
  KERNELS_VARIABLE,
  unknownKernels,
  type KernelLevel,
} from '../../platform/kernels.mjs';
import { usableKernels, type RefusedKernels } from '../../platform/usable-kernels.mjs';

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
 * Adds main/native-ops/kernels to XLA in this process, once, after TensorFlow's own addon; where there are any, programs may make the
 * calls of main/backends/tensorflow/custom-calls.ts then.
 * @throws KarstError usage where `KARST_KERNELS` names no level: it would mean none, and nobody would know
 */
export function loadKernels(): Kernels {
  loaded ??= openKernels();
  return loaded;
}

function openKernels(): Kernels {
  const unknown = unknownKernels();
  if (unknown !== null)
    throw new KarstError(
      'usage',
      `The environment variable ${KERNELS_VARIABLE} is "${unknown}", which names no kernels.`,
      {
        hint: `Set it to ${KERNELS_VALUES.join(', ')}, or leave it out to use the best that run here.`,
      },
    );
  const { kernels, refused } = usableKernels(ROOT);
  kernels?.addon.useInPrograms();
  return {
    level: kernels?.level ?? null,
    refused,
    trimAtNextCall: () => kernels?.addon.trimAtNextCall(),
  };
}
