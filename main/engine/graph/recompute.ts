import * as g from './operations.ts';
import { inTopologicalOrder, sizeOf, type NodeOf, type Tensor } from './tensor.ts';

/**
 * Computes what leads from `x` to `y` of a `recomputed` node again, for a backward pass that has come to it with the
 * gradient `dy`: puts a new node for each of these into `again`. What is fed or stored is not computed again.
 *
 * A compiler sees that new and old node have the same value and would keep the old one instead. So each new one depends
 * on a number that is 0 but that only follows from `dy`: it can neither be merged with the old one nor be computed before
 * the backward pass is there.
 */
export function recompute(
  { inputs: [y, x] }: NodeOf<'recomputed'>,
  dy: Tensor,
  again: Map<Tensor, Tensor>,
): void {
  if (y === undefined || x === undefined) return;
  const zero = zeroOf(dy);
  const late = new Map<Tensor, Tensor>();
  const begin = g.add(x, zero);
  for (const node of between(x, y)) {
    if (isStored(node)) continue;
    const known = node.inputs.map((one) => (one === x ? begin : (again.get(one) ?? one)));
    // What depends on nothing but weights and masks is made late by the smallest of these.
    const unbound = known.every((one, i) => one === node.inputs[i]);
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

function smallestFloat(tensors: readonly Tensor[]): Tensor | undefined {
  return tensors
    .filter(({ dtype }) => dtype === 'float32')
    .toSorted((a, b) => sizeOf(a.shape) - sizeOf(b.shape))[0];
}
