import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { DeviceReport } from '../../../shared/domain/device.ts';
import type { Executor } from '../../backends/executor.ts';
import type { Program } from '../../graph/program.ts';
import { pixelsOff } from '../data/pixels-addon.ts';
import { loadKernels } from './kernels.ts';
import { loadTensorFlow, nativeBackend, TensorFlowExecutor } from './tensorflow.ts';

export interface Runtime {
  readonly device: DeviceReport;
  execute(program: Program): Executor;
}

/**
 * What programs run on: native TensorFlow, or with `KARST_BACKEND=tfjs-cpu` the interpreter in plain JavaScript
 * (many times slower; for machines on which TensorFlow cannot be had). Never falls from one to the other silently.
 * @throws KarstError engine-unavailable
 */
export async function openRuntime(): Promise<Runtime> {
  return process.env['KARST_BACKEND'] === 'tfjs-cpu' ? openInterpreter() : openTensorFlow();
}

async function openInterpreter(): Promise<Runtime> {
  // Loaded here alone: a second backend beside the native one would only cost time and say so.
  await import('@tensorflow/tfjs-backend-cpu');
  const tfjs = await import('@tensorflow/tfjs-core');
  const { Interpreter } = await import('../../backends/tfjs/interpreter.ts');
  await tfjs.setBackend('cpu');
  await tfjs.ready();
  const device = {
    ...common(),
    backend: 'tfjs-cpu',
    tensorflow: null,
    kernels: null,
    kernelsOff: [],
    devices: ['CPU'],
    device: 'cpu',
    threads: 1,
  } as const;
  return { device, execute: (program) => new Interpreter(program) };
}

function openTensorFlow(): Runtime {
  const tf = loadTensorFlow();
  const backend = nativeBackend(tf);
  const gpu = backend.isUsingGpuDevice;
  const kernels = gpu ? null : loadKernels();
  const device = {
    ...common(),
    backend: 'tensorflow',
    tensorflow: backend.binding.TF_Version,
    kernels: kernels?.isa ?? null,
    kernelsOff: (kernels?.refused ?? []).map(({ isa, reason }) => ({ level: isa, reason })),
    devices: gpu ? ['CPU', 'GPU'] : ['CPU'],
    device: gpu ? 'gpu' : 'cpu',
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? availableParallelism()),
  } as const;
  return { device, execute: (program) => new TensorFlowExecutor(program) };
}

function common(): Pick<DeviceReport, 'tfjs' | 'node' | 'resamplingOff'> {
  const { version } = createRequire(import.meta.url)('@tensorflow/tfjs-core/package.json') as {
    version: string;
  };
  return { tfjs: version, node: process.versions.node, resamplingOff: pixelsOff() };
}
