import type { StaticShape } from '../../../main/graph/tensor.ts';
import { at, logSumExp, ndArray, operand, rowwise, total } from './nd-array.ts';
import type { NdArray, Reference } from './nd-array.ts';

/** Reference implementations of the operations specific to networks. */

function moments(row: readonly number[], epsilon: number) {
  const mean = total(row) / row.length;
  const centred = row.map((x) => x - mean);
  const variance = total(centred.map((x) => x ** 2)) / row.length;
  const deviation = Math.sqrt(variance + epsilon);
  return { centred, deviation, normalised: centred.map((x) => x / deviation) };
}

/** One element of a token in a head of an image. */
type PerToken = (image: number, token: number, head: number, i: number) => number;

/** Operands of an attention, independent of their memory layout. */
interface Attention {
  readonly q: PerToken;
  readonly k: PerToken;
  readonly v: PerToken;
  readonly bias: (image: number, head: number, query: number, key: number) => number;
  readonly scale: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
}

function packed(qkv: NdArray): Attention {
  const [, tokens = 0, , , width = 0] = qkv.shape;
  const part =
    (index: number): PerToken =>
    (image, token, head, i) =>
      at(qkv, [image, token, index, head, i]);
  return {
    ...{ q: part(0), k: part(1), v: part(2), bias: () => 0 },
    ...{ scale: 1 / Math.sqrt(width), queries: tokens, keys: tokens, width },
  };
}

function separate(
  q: NdArray,
  k: NdArray,
  v: NdArray,
  bias: NdArray | undefined,
  scale: number,
): Attention {
  const [, queries = 0, , width = 0] = q.shape;
  const numbers =
    (x: NdArray): PerToken =>
    (...index) =>
      at(x, index);
  return {
    ...{ q: numbers(q), k: numbers(k), v: numbers(v) },
    bias: (...index) => (bias === undefined ? 0 : at(bias, index)),
    ...{ scale, queries, keys: k.shape[1] ?? 0, width },
  };
}

const upTo = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Softmax over all keys of a query's scores, for one head of one image. */
function weightsOf(a: Attention, image: number, head: number, query: number): number[] {
  const scores = upTo(a.keys).map(
    (key) =>
      a.scale *
        total(upTo(a.width).map((i) => a.q(image, query, head, i) * a.k(image, key, head, i))) +
      a.bias(image, head, query, key),
  );
  const sum = logSumExp(scores);
  return scores.map((score) => Math.exp(score - sum));
}

function attended(shape: StaticShape, a: Attention): NdArray {
  return ndArray(shape, ([image = 0, query = 0, head = 0, i = 0]) =>
    total(weightsOf(a, image, head, query).map((w, key) => w * a.v(image, key, head, i))),
  );
}

function attentionGradients(a: Attention, dy: NdArray) {
  const one = (of: readonly number[], index: number): number => of[index] ?? NaN;
  /** The gradient of a query's scores. */
  const dScores = (image: number, head: number, query: number): number[] => {
    const w = weightsOf(a, image, head, query);
    const dw = upTo(a.keys).map((key) =>
      total(upTo(a.width).map((i) => at(dy, [image, query, head, i]) * a.v(image, key, head, i))),
    );
    const mean = total(w.map((x, key) => x * one(dw, key)));
    return w.map((x, key) => x * (one(dw, key) - mean));
  };
  const dq: PerToken = (image, query, head, i) =>
    a.scale *
    total(
      upTo(a.keys).map((key) => one(dScores(image, head, query), key) * a.k(image, key, head, i)),
    );
  const dk: PerToken = (image, key, head, i) =>
    a.scale *
    total(
      upTo(a.queries).map(
        (query) => one(dScores(image, head, query), key) * a.q(image, query, head, i),
      ),
    );
  const dv: PerToken = (image, key, head, i) =>
    total(
      upTo(a.queries).map(
        (query) => one(weightsOf(a, image, head, query), key) * at(dy, [image, query, head, i]),
      ),
    );
  return { dq, dk, dv, dScores };
}

type Network =
  | 'layerNorm'
  | 'layerNormGradient'
  | 'packedAttention'
  | 'packedAttentionGradient'
  | 'attention'
  | 'attentionGradient'
  | 'addKronecker'
  | 'kroneckerGradient'
  | 'mix'
  | 'mixGradient';
export const NETWORK_REFERENCES: { readonly [K in Network]: Reference<K> } = {
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
    // By the chain rule through deviation and mean, one after the other.
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
  packedAttention: (node, inputs) => attended(node.shape, packed(operand(inputs, 0))),
  packedAttentionGradient: (node, inputs) => {
    const [qkv, dy] = [operand(inputs, 0), operand(inputs, 1)];
    const { dq, dk, dv } = attentionGradients(packed(qkv), dy);
    return ndArray(node.shape, ([image = 0, token = 0, part = 0, head = 0, i = 0]) =>
      ([dq, dk, dv][part] ?? (() => NaN))(image, token, head, i),
    );
  },
  attention: (node, inputs) => {
    const [q, k, v] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
    return attended(node.shape, separate(q, k, v, inputs[3], node.attributes.scale));
  },
  attentionGradient: (node, inputs) => {
    const [dy, q, k, v] = [0, 1, 2, 3].map((i) => operand(inputs, i)) as [
      NdArray,
      NdArray,
      NdArray,
      NdArray,
    ];
    const parts = separate(q, k, v, inputs[4], node.attributes.scale);
    const { dq, dk, dv, dScores } = attentionGradients(parts, dy);
    const of = (shape: StaticShape, f: PerToken): Float64Array =>
      ndArray(shape, ([image = 0, token = 0, head = 0, i = 0]) => f(image, token, head, i)).data;
    const [batch = 0, queries = 0, heads = 0] = q.shape;
    const scores = ndArray(
      [batch, heads, queries, parts.keys],
      ([image = 0, head = 0, query = 0, key = 0]) => dScores(image, head, query)[key] ?? NaN,
    ).data;
    const data = [
      of(q.shape, dq),
      of(k.shape, dk),
      of(v.shape, dv),
      ...(inputs[4] ? [scores] : []),
    ];
    return { shape: node.shape, data: Float64Array.from(data.flatMap((one) => [...one])) };
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
};
