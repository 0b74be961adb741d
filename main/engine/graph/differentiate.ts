import { weightGradientOf } from './layer-norm.ts';
import * as g from './operations.ts';
import { defer, recompute } from './recompute.ts';
import {
  GraphError,
  inTopologicalOrder,
  lastAxis,
  shapeText,
  sizeOf,
  type NodeOf,
  type OpName,
  type Shape,
  type Tensor,
} from './tensor.ts';

/** Given a node and the gradient of the loss with respect to it: the gradients for its inputs (null: none flows). */
type GradientRule<K extends OpName> = (node: NodeOf<K>, dy: Tensor) => readonly (Tensor | null)[];

const none: GradientRule<OpName> = (node) => node.inputs.map(() => null);

const leaf: GradientRule<OpName> = ({ op }) => {
  throw new GraphError(`${op} has no derivative of its own: second derivatives are not provided`);
};

/** Undoes broadcasting: sums `dy` over the axes along which a tensor of `shape` was repeated. */
function sumTo(dy: Tensor, shape: Shape): Tensor {
  const extra = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((side, axis) =>
    axis < extra || (shape[axis - extra] === 1 && side !== 1) ? [axis] : [],
  );
  return g.reshape(g.sum(dy, axes), shape);
}

function pair(node: { readonly inputs: readonly Tensor[] }): [Tensor, Tensor] {
  return [input(node, 0), input(node, 1)];
}

function input(node: { readonly inputs: readonly Tensor[] }, index: number): Tensor {
  const found = node.inputs[index];
  if (found === undefined) throw new GraphError(`input ${String(index)} is missing`);
  return found;
}

/** dy goes to `a` where it was chosen by max or min, else to `b`; ties go to `a`. */
function towardsChosen(aChosen: Tensor, dy: Tensor, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const zero = g.broadcastTo(g.scalar(0), dy.shape);
  return [sumTo(g.select(aChosen, dy, zero), a.shape), sumTo(g.select(aChosen, zero, dy), b.shape)];
}

const RULES: { readonly [K in OpName]: GradientRule<K> } = {
  input: none,
  variable: none,
  constant: none,
  greaterEqual: none,
  cast: none,
  stopGradient: none,
  gradientVia: (_, dy) => [dy, dy],
  recomputed: (_, dy) => [dy, null],
  attentionGradient: leaf,
  kroneckerGradient: leaf,
  mixGradient: leaf,
  geluGradient: leaf,
  layerNormGradient: leaf,

  add: (node, dy) => node.inputs.map((x) => sumTo(dy, x.shape)),
  sub: (node, dy) => {
    const [a, b] = pair(node);
    return [sumTo(dy, a.shape), sumTo(g.neg(dy), b.shape)];
  },
  mul: (node, dy) => {
    const [a, b] = pair(node);
    return [sumTo(g.mul(dy, b), a.shape), sumTo(g.mul(dy, a), b.shape)];
  },
  div: (node, dy) => {
    const [a, b] = pair(node);
    const da = g.div(dy, b);
    return [sumTo(da, a.shape), sumTo(g.neg(g.mul(da, g.div(a, b))), b.shape)];
  },
  maximum: (node, dy) => {
    const [a, b] = pair(node);
    return towardsChosen(g.greaterEqual(a, b), dy, a, b);
  },
  minimum: (node, dy) => {
    const [a, b] = pair(node);
    return towardsChosen(g.greaterEqual(b, a), dy, a, b);
  },
  select: (node, dy) => {
    const zero = g.broadcastTo(g.scalar(0), dy.shape);
    const condition = input(node, 0);
    return [null, g.select(condition, dy, zero), g.select(condition, zero, dy)];
  },

  neg: (_, dy) => [g.neg(dy)],
  exp: (node, dy) => [g.mul(dy, node)],
  log: (node, dy) => [g.div(dy, input(node, 0))],
  sqrt: (node, dy) => [g.div(g.mul(dy, g.scalar(0.5)), node)],
  rsqrt: (node, dy) => [g.mul(g.mul(dy, g.scalar(-0.5)), g.div(node, input(node, 0)))],
  erf: (node, dy) => {
    const x = input(node, 0);
    return [g.mul(g.mul(dy, g.scalar(2 / Math.sqrt(Math.PI))), g.exp(g.neg(g.mul(x, x))))];
  },
  attention: (node, dy) => [g.attentionGradient(input(node, 0), dy)],
  addKronecker: (node, dy) => {
    const [c, d] = [input(node, 1), input(node, 2)];
    const both = g.kroneckerGradient(dy, c, d);
    const part = (from: number, { shape }: Tensor): Tensor =>
      g.reshape(g.slice(both, [from], [sizeOf(shape)]), shape);
    return [dy, part(0, c), part(sizeOf(c.shape), d)];
  },
  mix: (node, dy) => {
    const [x, c] = [input(node, 0), input(node, 1)];
    return [g.mix(dy, g.transpose(c, [0, 2, 1])), g.mixGradient(dy, x)];
  },
  gelu: (node, dy) => [g.geluGradient(input(node, 0), dy)],
  softmax: (node, dy) => {
    const weighted = g.mul(dy, node);
    return [g.sub(weighted, g.mul(node, g.sum(weighted, lastAxis(node), true)))];
  },
  logSoftmax: (node, dy) => [g.sub(dy, g.mul(g.exp(node), g.sum(dy, lastAxis(node), true)))],
  layerNorm: (node, dy) => {
    const [x, weight, bias] = [input(node, 0), input(node, 1), input(node, 2)];
    const { epsilon } = node.attributes;
    return [
      g.layerNormGradient(x, weight, dy, epsilon),
      sumTo(weightGradientOf(x, dy, epsilon), weight.shape),
      sumTo(dy, bias.shape),
    ];
  },

  matmul: (node, dy) => {
    const [a, b] = pair(node);
    const { transposeA, transposeB } = node.attributes;
    const da = transposeA
      ? g.matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : g.matmul(dy, b, { transposeB: !transposeB });
    const db = transposeB
      ? g.matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : g.matmul(a, dy, { transposeA: !transposeA });
    return [da, db];
  },
  sum: (node, dy) => {
    const x = input(node, 0);
    const gone = new Set(node.attributes.axes);
    const kept = x.shape.map((side, axis) => (gone.has(axis) ? 1 : side));
    return [g.broadcastTo(g.reshape(dy, kept), x.shape)];
  },
  // Ties share the gradient equally, as TensorFlow has it: a maximum over a broadcast axis must not count it twice.
  max: (node, dy) => {
    const x = input(node, 0);
    const { axes } = node.attributes;
    const gone = new Set(axes);
    const kept = x.shape.map((side, axis) => (gone.has(axis) ? 1 : side));
    const largest = g.broadcastTo(g.reshape(node, kept), x.shape);
    const chosen = g.cast(g.greaterEqual(x, largest), 'float32');
    const share = g.div(g.reshape(dy, kept), g.sum(chosen, axes, true));
    return [g.mul(chosen, share)];
  },
  reshape: (node, dy) => [g.reshape(dy, input(node, 0).shape)],
  transpose: (node, dy) => {
    const inverse: number[] = [];
    node.attributes.permutation.forEach((from, to) => (inverse[from] = to));
    return [g.transpose(dy, inverse)];
  },
  broadcastTo: (node, dy) => [sumTo(dy, input(node, 0).shape)],
  slice: (node, dy) => {
    const x = input(node, 0);
    const { begin } = node.attributes;
    const after = x.shape.map((side, axis) => side - (begin[axis] ?? 0) - (dy.shape[axis] ?? 0));
    return [g.pad(dy, begin, after)];
  },
  pad: (node, dy) => [g.slice(dy, node.attributes.before, input(node, 0).shape)],
  concat: (node, dy) => {
    let offset = 0;
    return node.inputs.map((part) => {
      const begin = part.shape.map((_, axis) => (axis === node.attributes.axis ? offset : 0));
      offset += part.shape[node.attributes.axis] ?? 0;
      return g.slice(dy, begin, part.shape);
    });
  },
};

function inputGradients(node: Tensor, dy: Tensor): readonly (Tensor | null)[] {
  const rule = RULES[node.op] as GradientRule<OpName>;
  return rule(node, dy);
}

/**
 * Reverse-mode differentiation: the gradients of the scalar `loss` with respect to `targets`, as new nodes.
 * Only the part of the graph that lies between targets and loss gets a backward pass. A target on which the
 * loss does not depend gets zeros.
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
    // Within what is recomputed anyway, this has been done.
    if (node.op === 'recomputed' && !again.has(node)) recompute(node, dy, again);
    if (node.op === 'gradientVia' && !again.has(node)) defer(node, dy, again);
    inputGradients(again.get(node) ?? node, dy).forEach((gradient, index) => {
      const x = input(node, index);
      if (gradient === null || !needed.has(x)) return;
      const before = found.get(x);
      found.set(x, before === undefined ? gradient : g.add(before, gradient));
    });
  }
  return targets.map((target) => found.get(target) ?? g.broadcastTo(g.scalar(0), target.shape));
}
