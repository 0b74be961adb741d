import { fileURLToPath } from 'node:url';
import { staticShape } from '../../../main/graph/tensor.ts';
import type { Program } from '../../../main/graph/program.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { openRuntime } from '../../../main/engine/runtime/open-runtime.ts';
import { installedKernels } from '../../../main/platform/kernels.mjs';
import { randomTensors } from '../engine/random-tensors.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Whether an engine has kernels here: not where the processor can run none, nor where KARST_KERNELS says that it is to have none. */
export const HAS_KERNELS = installedKernels(ROOT).length > 0;

/** How many calls of our kernels a program with one function makes where they can be had. */
export function kernelCalls(program: Program): number {
  const nodes = lowerProgram(program, { kernels: true }).functions[0]?.nodeDef ?? [];
  return nodes.filter(({ op }) => op === 'XlaCustomCallV2').length;
}

type Values = Record<string, Float32Array>;

/** Runs the one function of a program on random numbers, which are the same for the same seed. */
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
