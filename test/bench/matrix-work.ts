import { legalise } from '../../main/graph/legalise.ts';
import type { ProgramFunction } from '../../main/graph/program.ts';
import { isNode } from '../../main/graph/registry.ts';
import { inTopologicalOrder, sizeOf, staticShape } from '../../main/graph/tensor.ts';

/**
 * Floating point operations of all matrix products in one call: 2 · rows · columns · inner each,
 * counting a multiplication and an addition as two.
 */
export function matrixWork(fn: ProgramFunction): number {
  const results = [...Object.values(fn.outputs), ...fn.updates.map(({ value }) => value)];
  const parts = legalise(inTopologicalOrder(results), () => false);
  let work = 0;
  for (const node of inTopologicalOrder(results.map((node) => parts.get(node) ?? node))) {
    if (!isNode(node, 'matmul')) continue;
    const [a] = node.inputs;
    const inner = staticShape(a.shape).at(node.attributes.transposeA ? -2 : -1) ?? 1;
    work += 2 * sizeOf(staticShape(node.shape)) * inner;
  }
  return work;
}
