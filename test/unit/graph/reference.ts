import { known, type OpName } from '../../../main/graph/registry.ts';
import {
  inTopologicalOrder,
  sizeOf,
  staticShape,
  type StaticShape,
  type Tensor,
} from '../../../main/graph/tensor.ts';
import {
  at,
  logSumExp,
  ndArray,
  operand,
  rowwise,
  total,
  type NdArray,
  type Reference,
} from './nd-array.ts';
import { NETWORK_REFERENCES } from './network-reference.ts';

/**
 * Independent reimplementation of the graph operations in plain float64 JavaScript, element by
 * element: slow but obvious, without tfjs, TensorFlow or the shape inference of the graph.
 */
function broadcast(...shapes: StaticShape[]): StaticShape {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((s) => s[axis - rank + s.length] ?? 1)),
  );
}

function elementwise(f: (...values: number[]) => number): Reference<OpName> {
  return (_, inputs) =>
    ndArray(broadcast(...inputs.map((x) => x.shape)), (i) => f(...inputs.map((x) => at(x, i))));
}

function reduce(
  start: number,
  f: (total: number, value: number) => number,
): Reference<'sum' | 'max'> {
  return (node, inputs) => {
    const x = operand(inputs, 0);
    const { axes, keepDims } = node.attributes;
    const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    const result = ndArray(kept, () => start);
    ndArray(x.shape, (index) => {
      let flat = 0;
      kept.forEach((side, axis) => {
        flat = flat * side + (side === 1 ? 0 : (index[axis] ?? 0));
      });
      result.data[flat] = f(result.data[flat] ?? NaN, at(x, index));
      return 0;
    });
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    return { shape, data: result.data };
  };
}

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!: all terms have the same sign, so nothing
 * cancels.
 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let series = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(series); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    series += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * series;
}

const cumulative = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
type Source = 'input' | 'variable' | 'constant';
const REFERENCES: { readonly [K in Exclude<OpName, Source>]: Reference<K> } = {
  add: elementwise((a, b) => a + b),
  sub: elementwise((a, b) => a - b),
  mul: elementwise((a, b) => a * b),
  div: elementwise((a, b) => a / b),
  maximum: elementwise((a, b) => Math.max(a, b)),
  minimum: elementwise((a, b) => Math.min(a, b)),
  greaterEqual: elementwise((a, b) => (a >= b ? 1 : 0)),
  select: elementwise((condition, a, b) => (condition !== 0 ? a : b)),
  neg: elementwise((x) => -x),
  exp: elementwise((x) => Math.exp(x)),
  log: elementwise((x) => Math.log(x)),
  sqrt: elementwise((x) => Math.sqrt(x)),
  rsqrt: elementwise((x) => 1 / Math.sqrt(x)),
  erf: elementwise((x) => erf(x)),
  tanh: elementwise((x) => Math.tanh(x)),
  sigmoid: elementwise((x) => 1 / (1 + Math.exp(-x))),
  gelu: elementwise((x) => x * cumulative(x)),
  geluGradient: elementwise((x, dy) => dy * (cumulative(x) + x * density(x))),
  softmax: (_, inputs) =>
    rowwise((row) => row.map((x) => Math.exp(x - logSumExp(row))))(operand(inputs, 0)),
  logSoftmax: (_, inputs) =>
    rowwise((row) => row.map((x) => x - logSumExp(row)))(operand(inputs, 0)),
  ...NETWORK_REFERENCES,
  matmul: (node, inputs) => {
    const { transposeA, transposeB } = node.attributes;
    const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
    const batch = a.shape.slice(0, -2);
    const [rows = 0, inner = 0] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
    const [, columns = 0] = transposeB ? b.shape.slice(-2).reverse() : b.shape.slice(-2);
    return ndArray([...batch, rows, columns], (index) => {
      const before = index.slice(0, -2);
      const [row = 0, column = 0] = index.slice(-2);
      return total(
        Array.from({ length: inner }, (_, i) => {
          const left = at(a, [...before, ...(transposeA ? [i, row] : [row, i])]);
          const right = at(b, [...before, ...(transposeB ? [column, i] : [i, column])]);
          return left * right;
        }),
      );
    });
  },
  sum: reduce(0, (sum, x) => sum + x),
  max: reduce(-Infinity, Math.max),
  reshape: (node, inputs) => ({ shape: node.shape, data: operand(inputs, 0).data }),
  transpose: (node, inputs) => {
    const x = operand(inputs, 0);
    const { permutation } = node.attributes;
    const shape = permutation.map((axis) => x.shape[axis] ?? 0);
    return ndArray(shape, (index) => {
      const from = x.shape.map(() => 0);
      permutation.forEach((axis, i) => (from[axis] = index[i] ?? 0));
      return at(x, from);
    });
  },
  broadcastTo: (node, inputs) => ndArray(node.shape, (index) => at(operand(inputs, 0), index)),
  slice: (node, inputs) =>
    ndArray(node.shape, (index) =>
      at(
        operand(inputs, 0),
        index.map((i, axis) => i + (node.attributes.begin[axis] ?? NaN)),
      ),
    ),
  pad: (node, inputs) => {
    const x = operand(inputs, 0);
    const { before, after } = node.attributes;
    const shape = x.shape.map((side, axis) => (before[axis] ?? NaN) + side + (after[axis] ?? NaN));
    return ndArray(shape, (index) => {
      const from = index.map((i, axis) => i - (before[axis] ?? NaN));
      return from.every((i, axis) => i >= 0 && i < (x.shape[axis] ?? 0)) ? at(x, from) : 0;
    });
  },
  concat: (node, inputs) => {
    const { axis } = node.attributes;
    const first = operand(inputs, 0);
    const side = total(inputs.map((x) => x.shape[axis] ?? NaN));
    const shape = first.shape.map((s, i) => (i === axis ? side : s));
    return ndArray(shape, (index) => {
      let position = index[axis] ?? NaN;
      for (const x of inputs) {
        const here = x.shape[axis] ?? NaN;
        if (position < here)
          return at(
            x,
            index.map((i, a) => (a === axis ? position : i)),
          );
        position -= here;
      }
      return NaN;
    });
  },
  gather: (node, inputs) => {
    const [x, indices] = [operand(inputs, 0), operand(inputs, 1)];
    const axes = indices.shape.length;
    return ndArray(node.shape, (index) =>
      at(x, [at(indices, index.slice(0, axes)), ...index.slice(axes)]),
    );
  },
  gatherGradient: (node, inputs) => {
    const [dy, indices] = [operand(inputs, 0), operand(inputs, 1)];
    const result = ndArray(node.shape, () => 0);
    const size = sizeOf(node.shape.slice(1));
    dy.data.forEach((value, flat) => {
      const row = indices.data[Math.floor(flat / size)] ?? NaN;
      const place = row * size + (flat % size);
      result.data[place] = (result.data[place] ?? NaN) + value;
    });
    return result;
  },
  cast: (node, inputs) => {
    const convert = { float32: Number, int32: Math.trunc, bool: (x: number) => (x === 0 ? 0 : 1) };
    const x = operand(inputs, 0);
    return { shape: x.shape, data: x.data.map(convert[node.dtype]) };
  },
  stopGradient: (_, inputs) => operand(inputs, 0),
  customVjp: (_, inputs) => operand(inputs, 0),
  remat: (_, inputs) => operand(inputs, 0),
};

/**
 * Evaluates graph tensors from the values of inputs and variables, by name, and checks every
 * inferred shape.
 * @param held values that replace those of the given nodes
 */
export function evaluate(
  outputs: readonly Tensor[],
  given: Readonly<Record<string, ArrayLike<number>>>,
  held: ReadonlyMap<Tensor, Float64Array> = new Map(),
): Float64Array[] {
  const values = new Map<Tensor, NdArray>();
  for (const node of inTopologicalOrder(outputs)) {
    const fixed = held.get(node);
    const shape = staticShape(node.shape);
    const value = fixed === undefined ? compute(node, values, given) : { shape, data: fixed };
    if (value.shape.join() !== shape.join() || value.data.length !== sizeOf(shape)) {
      throw new Error(`${node.op}: shape ${shape.join()} inferred, ${value.shape.join()} computed`);
    }
    values.set(node, value);
  }
  return outputs.map((node) => values.get(node)?.data ?? new Float64Array());
}

function compute(
  given: Tensor,
  values: ReadonlyMap<Tensor, NdArray>,
  fed: Readonly<Record<string, ArrayLike<number>>>,
): NdArray {
  const node = known(given);
  const shape = staticShape(node.shape);
  switch (node.op) {
    case 'input':
    case 'variable': {
      const data = fed[node.attributes.name];
      if (data === undefined) throw new Error(`no value for ${node.attributes.name}`);
      return { shape, data: Float64Array.from(data) };
    }
    case 'constant':
      return { shape, data: Float64Array.from(node.attributes.values) };
    default: {
      const reference = REFERENCES[node.op] as Reference<OpName>;
      const inputs = node.inputs.map(
        (x) => values.get(x) ?? { shape: [], data: new Float64Array() },
      );
      return reference({ ...node, shape }, inputs);
    }
  }
}
