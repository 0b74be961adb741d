/// <reference types="@webgpu/types" />
import type { Dispatch } from './shader.ts';

/** The compiled kernels of a program, of which equal texts are compiled once. */
export type Pipelines = ReadonlyMap<string, GPUComputePipeline>;

const COMPUTE_STAGE = 4;

/**
 * Compiles all kernels side by side.
 * @throws Error with the compiler's message for a text that it refuses
 */
export async function compile(
  device: GPUDevice,
  dispatches: readonly Dispatch[],
): Promise<Pipelines> {
  const layouts = new Map<string, GPUPipelineLayout>();
  const byCode = new Map(dispatches.map((dispatch) => [dispatch.code, dispatch]));
  const compiled = [...byCode].map(async ([code, dispatch]) => {
    const { label } = dispatch;
    const types = bindingTypes(dispatch);
    const key = types.join();
    const layout = layouts.get(key) ?? layoutOf(device, types);
    layouts.set(key, layout);
    const module = device.createShaderModule({ label, code });
    const compute = { module, entryPoint: 'main' };
    return [code, await device.createComputePipelineAsync({ label, layout, compute })] as const;
  });
  return new Map(await Promise.all(compiled));
}

function bindingTypes({ bindings, offsets }: Dispatch): GPUBufferBindingType[] {
  const types = bindings.map(({ access }) => (access === 'read' ? 'read-only-storage' : 'storage'));
  return offsets.length === 0 ? types : [...types, 'uniform'];
}

function layoutOf(device: GPUDevice, types: readonly GPUBufferBindingType[]): GPUPipelineLayout {
  const entries = types.map((type, binding): GPUBindGroupLayoutEntry => ({
    binding,
    visibility: COMPUTE_STAGE,
    buffer: { type },
  }));
  return device.createPipelineLayout({
    bindGroupLayouts: [device.createBindGroupLayout({ entries })],
  });
}
