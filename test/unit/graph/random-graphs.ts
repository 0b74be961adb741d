import * as g from '../../../main/graph/operations.ts';
import type { Input } from '../../../main/graph/ops/input.ts';
import { sizeOf, staticShape, type StaticShape, type Tensor } from '../../../main/graph/tensor.ts';
import { randomStream, type RandomStream } from '../../../main/engine/random.ts';
import { weighted } from './cases.ts';

export interface RandomGraph {
  readonly inputs: readonly Input[];
  readonly given: Readonly<Record<string, Float32Array>>;
  readonly loss: Tensor;
}

/** Maximum size and number of axes of a tensor in a random graph. */
const SIZE = 48;
const RANK = 5;

type Grow = (x: Tensor, other: Tensor, stream: RandomStream) => Tensor;

/** Smooth and bounded on their arguments, so that finite differences are meaningful. */
const GROWTHS: readonly Grow[] = [
  (x, other) => broadcasting(g.add, x, other),
  (x, other) => broadcasting(g.sub, x, other),
  (x, other) => g.mul(broadcasting(g.mul, x, other), g.scalar(0.5)),
  (x, other) => broadcasting((a, b) => g.div(a, g.add(g.mul(b, b), g.scalar(1))), x, other),
  (x, other) => broadcasting(g.maximum, x, other),
  (x, other) => broadcasting(g.minimum, x, other),
  (x, other) => {
    const [a, b] = alike(x, other);
    return g.select(g.greaterEqual(a, b), g.mul(a, g.scalar(0.3)), b);
  },
  (x) => g.neg(x),
  (x) => g.exp(g.minimum(x, g.scalar(0.7))),
  (x) => g.log(g.add(g.mul(x, x), g.scalar(0.5))),
  (x) => g.sqrt(g.add(g.mul(x, x), g.scalar(0.5))),
  (x) => g.rsqrt(g.add(g.mul(x, x), g.scalar(0.5))),
  (x) => g.erf(x),
  (x) => g.gelu(x),
  (x) => g.softmax(matrix(x)),
  (x) => g.logSoftmax(matrix(x)),
  (x) => {
    const m = matrix(x);
    const row = g.slice(m, [0, 0], [1, m.shape[1] ?? 1]);
    const weight = g.reshape(row, m.shape.slice(1));
    return g.layerNorm(m, weight, g.neg(weight), 0.1);
  },
  (x, _, stream) => {
    const m = matrix(x);
    const product = stream.uniform() < 0.5 ? { transposeA: true } : { transposeB: true };
    return g.mul(g.matmul(m, m, product), g.scalar(0.25));
  },
  (x) => {
    const m = matrix(x);
    const [rows = 1, columns = 1] = m.shape;
    const batch = g.reshape(m, [1, rows, columns]);
    return g.mul(g.matmul(batch, g.softmax(batch), { transposeB: true }), g.scalar(0.5));
  },
  (x, _, stream) => g.mean(x, someAxes(x, stream), stream.uniform() < 0.5),
  (x, _, stream) => g.max(x, someAxes(x, stream), stream.uniform() < 0.5),
  (x, _, stream) => g.transpose(x, permutation(x.shape.length, stream)),
  (x) =>
    x.shape.length < RANK ? g.reshape(x, [...x.shape.slice(0, 1), 1, ...x.shape.slice(1)]) : x,
  (x, _, stream) => {
    const sides = staticShape(x.shape);
    const begin = sides.map((side) => stream.integer(side));
    return g.slice(
      x,
      begin,
      sides.map((side, i) => 1 + stream.integer(side - (begin[i] ?? 0))),
    );
  },
  (x, _, stream) => {
    const padding = (): number[] => x.shape.map(() => stream.integer(2));
    return g.pad(x, padding(), padding());
  },
  (x, _, stream) =>
    x.shape.length === 0 ? x : g.concat([x, g.mul(x, x)], stream.integer(x.shape.length)),
  (x) => (x.shape.length < RANK ? g.broadcastTo(x, [2, ...x.shape]) : x),
  (x) => g.customVjp(g.mul(x, g.stopGradient(x)), g.mul(x, x)),
  (x, other) =>
    g.add(
      x,
      g.mean(
        g.stopGradient(other),
        other.shape.map((_, axis) => axis),
      ),
    ),
];

/** Grows a graph from three inputs; its loss includes every node that is not used otherwise. */
export function randomGraph(seed: number, operations = 14): RandomGraph {
  const stream = randomStream(seed, 'graph');
  const shapes: StaticShape[] = [[2, 3], [3], [2, 1, 2]];
  const inputs = shapes.map((shape, i) => g.input(`in${String(i)}`, shape));
  const given = Object.fromEntries(
    inputs.map((x) => {
      const length = sizeOf(staticShape(x.shape));
      return [x.attributes.name, Float32Array.from({ length }, () => 3 * stream.uniform() - 1.5)];
    }),
  );
  const pool: Tensor[] = [...inputs];
  const used = new Set<Tensor>();
  while (pool.length < inputs.length + operations) {
    const x = pick(pool, stream);
    const other = pick(pool, stream);
    const grown = pick(GROWTHS, stream)(x, other, stream);
    const size = sizeOf(staticShape(grown.shape));
    if (size > SIZE || grown.shape.length > RANK || pool.includes(grown)) continue;
    used.add(x).add(other);
    pool.push(grown);
  }
  const ends = pool.filter((t) => !used.has(t));
  const loss = [...ends, ...inputs].map((t) => weighted(t, stream)).reduce((a, b) => g.add(a, b));
  return { inputs, given, loss };
}

function pick<T>(from: readonly T[], stream: RandomStream): T {
  return from[stream.integer(from.length)] as T;
}

/**
 * Applies the operation to both operands if they broadcast, otherwise to the first and the sum of
 * the second.
 */
function broadcasting(op: (a: Tensor, b: Tensor) => Tensor, a: Tensor, b: Tensor): Tensor {
  const rank = Math.max(a.shape.length, b.shape.length);
  const fits = Array.from({ length: rank }).every((_, axis) => {
    const [left = 1, right = 1] = [a.shape.at(-1 - axis), b.shape.at(-1 - axis)];
    return left === right || left === 1 || right === 1;
  });
  return op(a, fits ? b : g.erf(g.sumAll(b)));
}

function alike(a: Tensor, b: Tensor): [Tensor, Tensor] {
  return [a, g.broadcastTo(g.erf(g.sumAll(b)), a.shape)];
}

/** Reshapes to rows along the last axis; a scalar becomes (1, 1). */
function matrix(x: Tensor): Tensor {
  const columns = x.shape.at(-1) ?? 1;
  return g.reshape(x, [sizeOf(x.shape.slice(0, -1)), columns]);
}

function someAxes(x: Tensor, stream: RandomStream): number[] {
  return x.shape.flatMap((_, axis) => (stream.uniform() < 0.5 ? [axis] : []));
}

function permutation(rank: number, stream: RandomStream): number[] {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  return order
    .map((axis) => [stream.uniform(), axis] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, axis]) => axis);
}
