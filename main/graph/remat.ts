import * as g from './operations.ts';
import { isNode, type NodeOf } from './registry.ts';
import { inTopologicalOrder, sizeOf, staticShape, type Tensor } from './tensor.ts';

/**
 * Computes what leads from `x` to `y` of a `remat` node again, for a backward pass that has come to it with the
 * gradient `dy`: puts a new node for each of these into `again`. What is fed or stored is not computed again.
 */
export function rematerialise(node: NodeOf<'remat'>, dy: Tensor, again: Map<Tensor, Tensor>): void {
  const [y, x] = node.inputs;
  const zero = zeroOf(dy);
  const begin = g.add(x, zero);
  repeat(between(x, y), (one) => (one === x ? begin : (again.get(one) ?? one)), zero, again);
  again.set(node, { ...node, inputs: [again.get(y) ?? y, begin] });
}

/**
 * Of a `customVjp` node: what only its `via` is computed from becomes new nodes in `again`, which wait for the gradient `dy`, so that
 * nothing of it is kept from the forward pass on. Where it starts from a `remat` node, that is computed again now.
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
 * A compiler sees that new and old node have the same value and would keep the old one instead. So each new one depends
 * on a number that is 0 but that only follows from the gradient: it can neither be merged with the old one nor be computed
 * before the backward pass is there.
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
    // What depends on nothing but weights and masks is made late by the smallest of these.
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

/** 0, from the first number of `dy`; NaN where that is not finite, and then all gradients are so anyway. */
function zeroOf(dy: Tensor): Tensor {
  const ones = dy.shape.map(() => 1);
  const first = g.slice(
    dy,
    ones.map(() => 0),
    ones,
  );
  return g.mul(g.reshape(first, []), g.scalar(0));
}

/** What `y` is computed from, `y` included, without `x` and what is only needed for `x`; inputs before users. */
function between(x: Tensor, y: Tensor): Tensor[] {
  const before = new Set(inTopologicalOrder([x]));
  return inTopologicalOrder([y]).filter((node) => !before.has(node));
}

/** Fed, stored, constant, or a part of that: there without a computation. */
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

/** The same numbers as its input's. */
function isView({ op }: Tensor): boolean {
  return op === 'reshape' || op === 'stopGradient';
}

function smallestFloat(tensors: readonly Tensor[]): Tensor | undefined {
  return tensors
    .filter(({ dtype }) => dtype === 'float32')
    .toSorted((a, b) => sizeOf(staticShape(a.shape)) - sizeOf(staticShape(b.shape)))[0];
}
