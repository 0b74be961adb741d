import * as g from './operations.ts';
import { isNode, type NodeOf } from './registry.ts';
import { inTopologicalOrder, sizeOf, staticShape, type Tensor } from './tensor.ts';

/**
 * Rebuilds the subgraph from `x` to `y` of a `remat` node for a backward pass that has reached it
 * with the gradient `dy`: adds a copy of each node to `again`. Inputs, variables and constants are
 * not copied.
 */
export function rematerialise(node: NodeOf<'remat'>, dy: Tensor, again: Map<Tensor, Tensor>): void {
  const [y, x] = node.inputs;
  const zero = zeroOf(dy);
  const begin = g.add(x, zero);
  repeat(between(x, y), (one) => (one === x ? begin : (again.get(one) ?? one)), zero, again);
  again.set(node, { ...node, inputs: [again.get(y) ?? y, begin] });
}

/**
 * Copies the nodes that only the `via` of a `customVjp` node depends on into `again` and makes the
 * copies depend on the gradient `dy`, so that none of them is kept from the forward pass. If they
 * start from a `remat` node, that is rematerialised too.
 */
export function defer(
  { inputs: [value, via] }: NodeOf<'customVjp'>,
  dy: Tensor,
  again: Map<Tensor, Tensor>,
): void {
  const nodes = between(value, via);
  for (const start of nodes.flatMap((node) => (isView(node) ? node.inputs : []))) {
    if (isNode(start, 'remat') && !again.has(start)) rematerialise(start, dy, again);
  }
  repeat(nodes, (one) => again.get(one) ?? one, zeroOf(dy), again);
}

/**
 * A compiler would recognise a copy as equal to the original and keep the original alive instead
 * (common subexpression elimination). Each copy therefore depends on a zero derived from the
 * gradient: it can neither be merged with the original nor be computed before the backward pass.
 */
function repeat(
  nodes: readonly Tensor[],
  present: (one: Tensor) => Tensor,
  zero: Tensor,
  again: Map<Tensor, Tensor>,
): void {
  const late = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const known = node.inputs.map(present);
    const unbound = known.every((one, i) => one === node.inputs[i]);
    if (isStored(node) || (unbound && isView(node))) continue;
    // Delays nodes that depend only on weights and masks through their smallest float input.
    const smallest = unbound ? smallestFloat(known) : undefined;
    const inputs = known.map((one) => (one === smallest ? lateOf(one) : one));
    again.set(node, { ...node, inputs });
  }

  function lateOf(one: Tensor): Tensor {
    const made = late.get(one) ?? g.add(one, zero);
    late.set(one, made);
    return made;
  }
}

/**
 * Returns 0, computed from the first element of `dy`; NaN if that is not finite, in which case the
 * gradients are not finite anyway.
 */
function zeroOf(dy: Tensor): Tensor {
  const ones = dy.shape.map(() => 1);
  const first = g.slice(
    dy,
    ones.map(() => 0),
    ones,
  );
  return g.mul(g.reshape(first, []), g.scalar(0));
}

/**
 * Returns the nodes that `y` depends on, including `y`, excluding `x` and its dependencies; inputs
 * before users.
 */
function between(x: Tensor, y: Tensor): Tensor[] {
  const before = new Set(inTopologicalOrder([x]));
  return inTopologicalOrder([y]).filter((node) => !before.has(node));
}

/** Whether the value is available without computation: fed, stored, constant, or a part of one. */
function isStored(node: Tensor): boolean {
  switch (node.op) {
    case 'input':
    case 'variable':
    case 'constant':
      return true;
    case 'slice':
    case 'reshape':
      return node.inputs.every(isStored);
    default:
      return false;
  }
}

/** Whether the node has the same elements as its input. */
function isView({ op }: Tensor): boolean {
  return op === 'reshape' || op === 'stopGradient';
}

function smallestFloat(tensors: readonly Tensor[]): Tensor | undefined {
  return tensors
    .filter(({ dtype }) => dtype === 'float32')
    .toSorted((a, b) => sizeOf(staticShape(a.shape)) - sizeOf(staticShape(b.shape)))[0];
}
