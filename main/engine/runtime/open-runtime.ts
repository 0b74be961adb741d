import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { DeviceReport } from '../../../shared/domain/device.ts';
import type { Session } from '../../backends/session.ts';
import type { Program } from '../../graph/program.ts';
import { pixelsOff } from '../data/pixels-addon.ts';
import { kernelsOf, loadTensorFlow, openNativeSession } from './tensorflow.ts';

export interface Runtime {
  readonly device: DeviceReport;
  open(program: Program): Session;
}

/**
 * Opens native TensorFlow, or with `KARST_BACKEND=tfjs-cpu` the plain JavaScript interpreter (many
 * times slower, for machines without TensorFlow), with `webgpu` a graphics card. Never falls back
 * silently.
 * @throws KarstError engine-unavailable
 */
export async function openRuntime(): Promise<Runtime> {
  switch (process.env['KARST_BACKEND']) {
    case 'tfjs-cpu':
      return openInterpreter();
    case 'webgpu':
      return openWebGpu();
    default:
      return openTensorFlow();
  }
}

async function openWebGpu(): Promise<Runtime> {
  const { openCard } = await import('./graphics-card.ts');
  const { WebGpuSession } = await import('../../backends/webgpu/session.ts');
  const card = await openCard();
  const device = {
    ...common(),
    backend: 'webgpu',
    tensorflow: null,
    kernels: null,
    kernelsOff: [],
    devices: ['CPU', card.name],
    device: 'gpu',
    threads: 1,
  } as const;
  return { device, open: (program) => new WebGpuSession(program, card) };
}

async function openInterpreter(): Promise<Runtime> {
  // Imported only here: beside the native backend, a second one would cost load time and log a
  // warning.
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
  return { device, open: (program) => new Interpreter(program) };
}

function openTensorFlow(): Runtime {
  const native = loadTensorFlow();
  const { gpu } = native;
  const kernels = kernelsOf(native);
  const device = {
    ...common(),
    backend: 'tensorflow',
    tensorflow: native.version,
    kernels: kernels?.isa ?? null,
    kernelsOff: (kernels?.refused ?? []).map(({ isa, reason }) => ({ level: isa, reason })),
    devices: gpu ? ['CPU', 'GPU'] : ['CPU'],
    device: gpu ? 'gpu' : 'cpu',
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? availableParallelism()),
  } as const;
  return { device, open: openNativeSession };
}

function common(): Pick<DeviceReport, 'tfjs' | 'node' | 'resamplingOff'> {
  const { version } = createRequire(import.meta.url)('@tensorflow/tfjs-core/package.json') as {
    version: string;
  };
  return { tfjs: version, node: process.versions.node, resamplingOff: pixelsOff() };
}
