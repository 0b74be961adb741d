import { aliveBytes, breadthFirst } from '../../graph/liveness.ts';
import type { ProgramFunction } from '../../graph/program.ts';
import { computationsOf } from './fusion.ts';

/** Memory of a compiled function, in addition to its inputs and variables. */
export interface FunctionMemory {
  /** Peak bytes of intermediate values and results. */
  readonly values: number;
  /** Bytes of scratch memory kept by each thread that calls our kernels. */
  readonly scratch: number;
  /** Number of loops and calls it compiles to. */
  readonly computations: number;
}

/**
 * Estimates from the graph what XLA allocates for a call of a function on the CPU. XLA runs the
 * fused computations in the order of `BFScheduler` (everything that is ready, side by side, to keep
 * its threads busy), and values whose lifetimes do not overlap in that order share memory. Packing
 * is not modelled. Compared with XLA's own buffer assignment, with our kernels: from 6 %
 * below to 4 % above (docs/speed.md).
 *
 * @param kernels whether the process has registered our kernels
 */
export function functionMemory(fn: ProgramFunction, kernels: boolean): FunctionMemory {
  const { list, results } = computationsOf(fn, kernels);
  // Tens of thousands of nodes are too many to spread into arguments.
  const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0);
  return {
    values: most(aliveBytes(breadthFirst(list), results)),
    scratch: most(list.map(({ scratch }) => scratch)),
    computations: list.length,
  };
}
