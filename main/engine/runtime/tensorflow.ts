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

/** TensorFlow in this process, and what it computes on. */
export interface LoadedTensorFlow extends NativeTensorFlow {
  readonly version: string;
  readonly gpu: boolean;
}

let loaded: LoadedTensorFlow | undefined;

/**
 * Loads the native addon once a process and makes it the backend. Its package would do both by itself, but looks for the addon
 * in its own folder.
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
    // Takes it at once; its promise is for backends that are made asynchronously.
    void tf.setBackend('tensorflow');
    // Its typings leave out the calls of saved models.
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

/** The kernels that programs may call. They are of the processor: on a card XLA has its own. */
export function kernelsOf({ gpu }: LoadedTensorFlow): Kernels | null {
  return gpu ? null : loadKernels();
}

/** A program in this process' TensorFlow, with our kernels where there are any. */
export function openNativeSession(program: Program): Session {
  const native = loadTensorFlow();
  const kernels = kernelsOf(native);
  return new TensorFlowSession(program, native, {
    kernels: (kernels?.isa ?? null) !== null,
    // Arrays of weights that were set are garbage by now, and what compiling takes and frees stays with the process, useless to
    // the step, until it is trimmed.
    beforeFirstCall: () => {
      collectGarbage();
      kernels?.trimAtNextCall();
    },
  });
}
