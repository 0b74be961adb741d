import { fileURLToPath } from 'node:url';
import { staticShape } from '../../../main/graph/tensor.ts';
import type { Program } from '../../../main/graph/program.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { openRuntime } from '../../../main/engine/runtime/open-runtime.ts';
import { installedKernels } from '../../../main/platform/kernels.mjs';
import { randomTensors } from '../engine/random-tensors.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Whether kernels are available: the processor must support them and KARST_KERNELS must not disable
 * them.
 */
export const HAS_KERNELS = installedKernels(ROOT).length > 0;

/** Number of kernel calls in a program with one function when kernels are available. */
export function kernelCalls(program: Program): number {
  const nodes = lowerProgram(program, { kernels: true }).functions[0]?.nodeDef ?? [];
  return nodes.filter(({ op }) => op === 'XlaCustomCallV2').length;
}

type Values = Record<string, Float32Array>;

/** Runs the only function of a program on random numbers determined by the seed. */
export async function runProgram(
  program: Program,
  seed: number,
  deviation?: number,
): Promise<{ given: Values; found: Values }> {
  const [[name, { inputs }] = ['', { inputs: [] }]] = Object.entries(program.functions);
  const session = (await openRuntime()).open(program);
  const shapes = new Map(inputs.map((i) => [i.attributes.name, staticShape(i.shape)]));
  const given = Object.fromEntries(randomTensors(shapes, seed, deviation));
  try {
    return { given, found: await session.run(name, given) };
  } finally {
    await session.dispose();
  }
}
