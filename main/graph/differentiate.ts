import { defer, rematerialise } from './remat.ts';
import * as g from './operations.ts';
import { isNode, operationOf } from './registry.ts';
import { GraphError } from './graph-error.ts';
import { inTopologicalOrder, shapeText, sizeOf, type Tensor } from './tensor.ts';

function inputGradients(node: Tensor, dy: Tensor): readonly (Tensor | null)[] {
  const { name, gradient } = operationOf(node);
  if (gradient === 'none') return node.inputs.map(() => null);
  if (gradient === 'once') throw new GraphError(`${name} is not differentiable twice`);
  return gradient(node, dy, g);
}

/**
 * Reverse-mode differentiation: builds nodes for the gradients of the scalar `loss` with respect to
 * `targets`. Only the subgraph between targets and loss gets a backward pass. Targets that the loss
 * does not depend on get zeros.
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (sizeOf(loss.shape) !== 1 || loss.dtype !== 'float32') {
    throw new GraphError(
      `only a scalar can be differentiated, not ${loss.dtype} ${shapeText(loss.shape)}`,
    );
  }
  const order = inTopologicalOrder([loss]);
  const needed = new Set<Tensor>(targets);
  for (const node of order) {
    if (node.op !== 'stopGradient' && node.inputs.some((x) => needed.has(x))) needed.add(node);
  }
  const found = new Map<Tensor, Tensor>([[loss, g.broadcastTo(g.scalar(1), loss.shape)]]);
  const again = new Map<Tensor, Tensor>();
  for (const node of order.reverse()) {
    const dy = found.get(node);
    if (dy === undefined || !needed.has(node) || node.inputs.length === 0) continue;
    if (!node.inputs.some((x) => needed.has(x))) continue;
    // An enclosing rematerialised segment may already have rebuilt this node.
    if (isNode(node, 'remat') && !again.has(node)) rematerialise(node, dy, again);
    if (isNode(node, 'customVjp') && !again.has(node)) defer(node, dy, again);
    inputGradients(again.get(node) ?? node, dy).forEach((gradient, index) => {
      const x = node.inputs[index];
      if (gradient === null || x === undefined || !needed.has(x)) return;
      const before = found.get(x);
      found.set(x, before === undefined ? gradient : g.add(before, gradient));
    });
  }
  return targets.map((target) => found.get(target) ?? g.broadcastTo(g.scalar(0), target.shape));
}
