import { withoutComposites } from '../../main/engine/graph/composites.ts';
import type { ProgramFunction } from '../../main/engine/graph/program.ts';
import { inTopologicalOrder, sizeOf } from '../../main/engine/graph/tensor.ts';

/** Floating point operations of all matrix products in one call: 2 · rows · columns · inner, a multiply and an add each. */
export function matrixWork(fn: ProgramFunction): number {
  const results = [...Object.values(fn.outputs), ...fn.updates.map(({ value }) => value)];
  const parts = withoutComposites(inTopologicalOrder(results));
  let work = 0;
  for (const node of inTopologicalOrder(results.map((node) => parts.get(node) ?? node))) {
    if (node.op !== 'matmul') continue;
    const [a] = node.inputs;
    if (a === undefined) throw new Error('a matrix product has two inputs');
    const inner = a.shape.at(node.attributes.transposeA ? -2 : -1) ?? 1;
    work += 2 * sizeOf(node.shape) * inner;
  }
  return work;
}
