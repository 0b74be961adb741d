import * as g from './operations.ts';
import { operationOf } from './registry.ts';
import type { Tensor } from './tensor.ts';

/**
 * Maps each node of a graph to its replacement for a back end that lacks some operations: the node
 * itself, or an equivalent subgraph of supported operations. Shared nodes stay shared.
 * @param order inputs before users
 * @param has whether the back end supports the node's operation; unsupported nodes without a
 * decomposition are kept
 */
export function legalise(
  order: readonly Tensor[],
  has: (node: Tensor) => boolean,
): Map<Tensor, Tensor> {
  const legal = new Map<Tensor, Tensor>();
  for (const node of order) settle(node);
  return legal;

  /**
   * Inputs are already settled, so recursion only enters decompositions, which may themselves
   * contain unsupported operations.
   */
  function settle(node: Tensor): Tensor {
    const known = legal.get(node);
    if (known !== undefined) return known;
    const inputs = node.inputs.map(settle);
    const changed = inputs.some((x, i) => x !== node.inputs[i]);
    const rebuilt = changed ? { ...node, inputs } : node;
    const { decompose } = operationOf(rebuilt);
    const result =
      decompose === undefined || has(rebuilt) ? rebuilt : settle(decompose(rebuilt, g));
    legal.set(node, result);
    legal.set(result, result);
    return result;
  }
}
