import { legalise } from '../../graph/legalise.ts';
import { hasOpenBatch, type ProgramFunction } from '../../graph/program.ts';
import { inTopologicalOrder, type Tensor } from '../../graph/tensor.ts';
import { isCalled } from './custom-calls.ts';
import { hasLowering } from './nodes.ts';

/** A function reduced to operations that TensorFlow or our kernels implement. */
export interface LegalFunction {
  /** Inputs before users. */
  readonly order: readonly Tensor[];
  /** Returns the replacement of a tensor of the original function. */
  readonly resolve: (tensor: Tensor) => Tensor;
  /** Whether the node becomes a call of one of our kernels. */
  readonly calls: (node: Tensor) => boolean;
}

/** @param kernels whether the process that runs the function has registered our kernels */
export function legalFunction(fn: ProgramFunction, kernels: boolean): LegalFunction {
  const roots = [
    ...Object.values(fn.outputs),
    ...fn.updates.flatMap((u): Tensor[] => [u.variable, u.value]),
  ];
  const uses = kernels && fn.matmulPrecision === 'high' && !hasOpenBatch(fn);
  const calls = (node: Tensor): boolean => uses && isCalled(node);
  const replaced = legalise(
    inTopologicalOrder(roots),
    (node) => hasLowering(node.op) || calls(node),
  );
  const resolve = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  return { order: inTopologicalOrder(roots.map(resolve)), resolve, calls };
}
