import {
  inTopologicalOrder,
  sizeOf,
  type NodeOf,
  type OpName,
  type Shape,
  type Tensor,
} from '../../../main/engine/graph/tensor.ts';

/**
 * The operations of the graph language a second time, in plain float64 JavaScript, one element at a time: slow,
 * obvious, and independent of tfjs, of TensorFlow and of the language's own shape inference.
 */
export interface NdArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

type Index = readonly number[];
type Reference<K extends OpName> = (node: NodeOf<K>, inputs: readonly NdArray[]) => NdArray;

export function ndArray(shape: Shape, valueAt: (index: Index) => number): NdArray {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let flat = 0; flat < data.length; flat++) {
    data[flat] = valueAt(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next < (shape[axis] ?? 0) ? next : 0;
      if (next < (shape[axis] ?? 0)) break;
    }
  }
  return { shape, data };
}

/** The element at an index; axes of side 1 repeat, missing leading axes too. */
function at(x: NdArray, index: Index): number {
  const extra = index.length - x.shape.length;
  let flat = 0;
  x.shape.forEach((side, axis) => {
    flat = flat * side + (side === 1 ? 0 : (index[axis + extra] ?? NaN));
  });
  return x.data[flat] ?? NaN;
}

function operand(inputs: readonly NdArray[], index: number): NdArray {
  const found = inputs[index];
  if (found === undefined) throw new Error(`no operand ${String(index)}`);
  return found;
}

function broadcast(...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(...shapes.map((s) => s[axis - rank + s.length] ?? 1)),
  );
}

function elementwise(f: (...values: number[]) => number): Reference<OpName> {
  return (_, inputs) =>
    ndArray(broadcast(...inputs.map((x) => x.shape)), (i) => f(...inputs.map((x) => at(x, i))));
}

/** Applies a function to each row along the last axis. */
function rowwise(f: (row: number[]) => number[]): (x: NdArray) => NdArray {
  return (x) => {
    const side = x.shape.at(-1) ?? 1;
    const data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += side) {
      data.set(f([...x.data.subarray(start, start + side)]), start);
    }
    return { shape: x.shape, data };
  };
}

function moments(row: readonly number[], epsilon: number) {
  const mean = total(row) / row.length;
  const centred = row.map((x) => x - mean);
  const variance = total(centred.map((x) => x ** 2)) / row.length;
  const deviation = Math.sqrt(variance + epsilon);
  return { centred, deviation, normalised: centred.map((x) => x / deviation) };
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

/** erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!: every term has one sign, so nothing cancels. */
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
const total = (row: readonly number[]): number => row.reduce((sum, x) => sum + x, 0);

const logSumExp = (row: readonly number[]): number => {
  const largest = Math.max(...row);
  return largest + Math.log(total(row.map((x) => Math.exp(x - largest))));
};

/** Softmax of the scaled scores of a query with every key, for one head of one image. */
function attentionWeights(qkv: NdArray, image: number, head: number, query: number): number[] {
  const [, tokens = 0, , , width = 0] = qkv.shape;
  const numbers = Array.from({ length: width }, (_, i) => i);
  const scores = Array.from({ length: tokens }, (_, key) =>
    total(
      numbers.map((i) => at(qkv, [image, query, 0, head, i]) * at(qkv, [image, key, 1, head, i])),
    ),
  ).map((score) => score / Math.sqrt(width));
  const sum = logSumExp(scores);
  return scores.map((score) => Math.exp(score - sum));
}

type Source = 'input' | 'variable' | 'constant';
export const REFERENCES: { readonly [K in Exclude<OpName, Source>]: Reference<K> } = {
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
  gelu: elementwise((x) => x * cumulative(x)),
  geluGradient: elementwise((x, dy) => dy * (cumulative(x) + x * density(x))),
  softmax: (_, inputs) =>
    rowwise((row) => row.map((x) => Math.exp(x - logSumExp(row))))(operand(inputs, 0)),
  logSoftmax: (_, inputs) =>
    rowwise((row) => row.map((x) => x - logSumExp(row)))(operand(inputs, 0)),
  layerNorm: (node, inputs) => {
    const [weight, bias] = [operand(inputs, 1).data, operand(inputs, 2).data];
    return rowwise((row) =>
      moments(row, node.attributes.epsilon).normalised.map(
        (x, i) => x * (weight[i] ?? NaN) + (bias[i] ?? NaN),
      ),
    )(operand(inputs, 0));
  },
  layerNormGradient: (node, inputs) => {
    const [x, weight, dy] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
    let start = 0;
    // Through the derivatives of mean and deviation one by one.
    return rowwise((row) => {
      const { centred, deviation } = moments(row, node.attributes.epsilon);
      const dn = row.map((_, i) => (dy.data[start + i] ?? NaN) * (weight.data[i] ?? NaN));
      start += row.length;
      const dDeviation = -total(dn.map((d, i) => d * (centred[i] ?? NaN))) / deviation ** 2;
      const dVariance = dDeviation / (2 * deviation);
      const dCentred = dn.map(
        (d, i) => d / deviation + (2 * dVariance * (centred[i] ?? NaN)) / row.length,
      );
      return dCentred.map((d) => d - total(dCentred) / row.length);
    })(x);
  },
  attention: (node, inputs) => {
    const qkv = operand(inputs, 0);
    return ndArray(node.shape, ([image = 0, query = 0, head = 0, i = 0]) =>
      total(
        attentionWeights(qkv, image, head, query).map(
          (w, key) => w * at(qkv, [image, key, 2, head, i]),
        ),
      ),
    );
  },
  attentionGradient: (node, inputs) => {
    const [qkv, dy] = [operand(inputs, 0), operand(inputs, 1)];
    const [, tokens = 0, , , width = 0] = qkv.shape;
    const all = Array.from({ length: tokens }, (_, token) => token);
    const numbers = Array.from({ length: width }, (_, i) => i);
    const weights = (image: number, head: number, query: number): number[] =>
      attentionWeights(qkv, image, head, query);
    /** The gradient of the scaled scores of a query. */
    const dScores = (image: number, head: number, query: number): number[] => {
      const w = weights(image, head, query);
      const dw = all.map((key) =>
        total(
          numbers.map((i) => at(dy, [image, query, head, i]) * at(qkv, [image, key, 2, head, i])),
        ),
      );
      const mean = total(w.map((x, key) => x * (dw[key] ?? NaN)));
      return w.map((x, key) => (x * ((dw[key] ?? NaN) - mean)) / Math.sqrt(width));
    };
    return ndArray(node.shape, ([image = 0, token = 0, part = 0, head = 0, i = 0]) => {
      const one = (of: readonly number[], index: number): number => of[index] ?? NaN;
      const dq = (key: number): number =>
        one(dScores(image, head, token), key) * at(qkv, [image, key, 1, head, i]);
      const dk = (query: number): number =>
        one(dScores(image, head, query), token) * at(qkv, [image, query, 0, head, i]);
      const dv = (query: number): number =>
        one(weights(image, head, query), token) * at(dy, [image, query, head, i]);
      return total(all.map([dq, dk, dv][part] ?? (() => NaN)));
    });
  },
  addKronecker: (node, inputs) => {
    const [weight, c, d] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
    const [kernels = 0, l = 0] = c.shape;
    const [, , k = 0, n = 0] = d.shape;
    return ndArray(node.shape, ([row = 0, column = 0]) => {
      const place = [Math.floor(row / l / k), row % k, column % n];
      const product = (i: number): number =>
        at(c, [i, Math.floor(row / k) % l, Math.floor(column / n)]) * at(d, [i, ...place]);
      return (
        at(weight, [row, column]) + total(Array.from({ length: kernels }, (_, i) => product(i)))
      );
    });
  },
  kroneckerGradient: (node, inputs) => {
    const [dy, c, d] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
    const dc = ndArray(c.shape, () => 0);
    const dd = ndArray(d.shape, () => 0);
    const [kernels = 0, l = 0, m = 0] = c.shape;
    const [, splits = 0, k = 0, n = 0] = d.shape;
    ndArray(dy.shape, ([row = 0, column = 0]) => {
      const [s, p, a] = [Math.floor(row / l / k), Math.floor(row / k) % l, row % k];
      const [q, b] = [Math.floor(column / n), column % n];
      for (let i = 0; i < kernels; i++) {
        const placeC = (i * l + p) * m + q;
        const placeD = ((i * splits + s) * k + a) * n + b;
        const value = at(dy, [row, column]);
        dc.data[placeC] = (dc.data[placeC] ?? NaN) + value * (d.data[placeD] ?? NaN);
        dd.data[placeD] = (dd.data[placeD] ?? NaN) + value * (c.data[placeC] ?? NaN);
      }
      return 0;
    });
    return { shape: node.shape, data: Float64Array.from([...dc.data, ...dd.data]) };
  },
  mix: (node, inputs) => {
    const [x, c] = [operand(inputs, 0), operand(inputs, 1)];
    const [, m = 0] = x.shape;
    return ndArray(node.shape, ([t = 0, p = 0, i = 0, s = 0]) =>
      total(Array.from({ length: m }, (_, q) => at(c, [i, p, q]) * at(x, [t, q, i, s]))),
    );
  },
  mixGradient: (node, inputs) => {
    const [dy, x] = [operand(inputs, 0), operand(inputs, 1)];
    const [rows = 0, , , rank = 0] = dy.shape;
    return ndArray(node.shape, ([i = 0, p = 0, q = 0]) =>
      total(
        Array.from({ length: rows * rank }, (_, place) => {
          const [t, s] = [Math.floor(place / rank), place % rank];
          return at(dy, [t, p, i, s]) * at(x, [t, q, i, s]);
        }),
      ),
    );
  },
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
  cast: (node, inputs) => {
    const convert = { float32: Number, int32: Math.trunc, bool: (x: number) => (x === 0 ? 0 : 1) };
    const x = operand(inputs, 0);
    return { shape: x.shape, data: x.data.map(convert[node.dtype]) };
  },
  stopGradient: (_, inputs) => operand(inputs, 0),
  gradientVia: (_, inputs) => operand(inputs, 0),
  recomputed: (_, inputs) => operand(inputs, 0),
};

/**
 * Values of graph tensors, given those of inputs and variables by name. Checks every inferred shape on the way.
 * @param held values that some nodes are to have instead of their own
 */
export function evaluate(
  outputs: readonly Tensor[],
  given: Readonly<Record<string, ArrayLike<number>>>,
  held: ReadonlyMap<Tensor, Float64Array> = new Map(),
): Float64Array[] {
  const values = new Map<Tensor, NdArray>();
  for (const node of inTopologicalOrder(outputs)) {
    const fixed = held.get(node);
    const value =
      fixed === undefined ? compute(node, values, given) : { shape: node.shape, data: fixed };
    if (value.shape.join() !== node.shape.join() || value.data.length !== sizeOf(node.shape)) {
      throw new Error(
        `${node.op}: shape ${node.shape.join()} inferred, ${value.shape.join()} computed`,
      );
    }
    values.set(node, value);
  }
  return outputs.map((node) => values.get(node)?.data ?? new Float64Array());
}

function compute(
  node: Tensor,
  values: ReadonlyMap<Tensor, NdArray>,
  given: Readonly<Record<string, ArrayLike<number>>>,
): NdArray {
  switch (node.op) {
    case 'input':
    case 'variable': {
      const data = given[node.attributes.name];
      if (data === undefined) throw new Error(`no value for ${node.attributes.name}`);
      return { shape: node.shape, data: Float64Array.from(data) };
    }
    case 'constant':
      return { shape: node.shape, data: Float64Array.from(node.attributes.values) };
    default: {
      const reference = REFERENCES[node.op] as Reference<OpName>;
      const inputs = node.inputs.map(
        (x) => values.get(x) ?? { shape: [], data: new Float64Array() },
      );
      return reference(node, inputs);
    }
  }
}
