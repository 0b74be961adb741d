import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as TensorFlow from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import type { TFJSBinding } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Session } from '../../backends/session.ts';
import {
  TensorFlowSession,
  type NativeBackend,
  type NativeTensorFlow,
} from '../../backends/tensorflow/session.ts';
import type { Program } from '../../graph/program.ts';
import { BINDING } from '../../platform/addons.mjs';
import { collectGarbage } from './garbage.ts';
import { loadKernels, type Kernels } from './kernels.ts';
import { installNodePolyfill } from './node-polyfill.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** TensorFlow as loaded in this process, and the device it uses. */
export interface LoadedTensorFlow extends NativeTensorFlow {
  readonly version: string;
  readonly gpu: boolean;
}

let loaded: LoadedTensorFlow | undefined;

/**
 * Loads the native addon once per process and registers it as tfjs's backend. Its npm package would
 * do both itself, but looks for the addon in its own folder.
 * @throws KarstError engine-unavailable
 */
export function loadTensorFlow(): LoadedTensorFlow {
  if (loaded !== undefined) return loaded;
  installNodePolyfill();
  try {
    const require = createRequire(import.meta.url);
    const tf = require('@tensorflow/tfjs-core') as typeof TensorFlow;
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
    const { NodeJSKernelBackend: Backend } =
      require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
        NodeJSKernelBackend: typeof NodeJSKernelBackend;
      };
    const binding = require(join(ROOT, BINDING)) as TFJSBinding;
    const backend = new Backend(binding, '@tensorflow/tfjs-node-gpu');
    tf.registerBackend('tensorflow', () => backend, 3);
    // Takes effect synchronously; the promise only matters for asynchronously created backends.
    void tf.setBackend('tensorflow');
    // The typings omit the methods for saved models.
    const native = backend as unknown as NativeBackend;
    loaded = { tf, backend: native, version: binding.TF_Version, gpu: backend.isUsingGpuDevice };
    return loaded;
  } catch (cause) {
    throw new KarstError(
      'engine-unavailable',
      'Native TensorFlow cannot be loaded on this machine.',
      {
        hint: 'Run "npm run setup" and read its output.',
        cause,
      },
    );
  }
}

/** The kernels that programs may call; null on a GPU, because they are written for the CPU. */
export function kernelsOf({ gpu }: LoadedTensorFlow): Kernels | null {
  return gpu ? null : loadKernels();
}

/** Opens a program in this process's TensorFlow session, with our kernels if available. */
export function openNativeSession(program: Program): Session {
  const native = loadTensorFlow();
  const kernels = kernelsOf(native);
  return new TensorFlowSession(program, native, {
    kernels: (kernels?.isa ?? null) !== null,
    // The weight arrays just written are garbage by now, and memory that compilation allocates and
    // frees stays with the process, unused, until it is trimmed.
    beforeFirstCall: () => {
      collectGarbage();
      kernels?.trimAtNextCall();
    },
  });
}
