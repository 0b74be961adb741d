import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, OpName } from '../../graph/registry.ts';
import { sameShape, sizeOf, type StaticShape } from '../../graph/tensor.ts';

/**
 * Computes a graph operation with tfjs, for a result of `shape`. It runs inside a tidy, so
 * intermediates need no disposal.
 */
export type Lowering<K extends OpName> = (
  node: NodeOf<K>,
  inputs: readonly tf.Tensor[],
  shape: StaticShape,
) => tf.Tensor;

/**
 * tfjs's WebGPU backend supports pad and tile up to this rank, slice and transpose slightly beyond.
 */
const SAFE_RANK = 4;

/**
 * Operations missing here are decomposed beforehand or are sources, which the interpreter handles.
 */
const TABLE: { readonly [K in OpName]?: Lowering<K> } = {
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  div: binary(tf.div),
  maximum: binary(tf.maximum),
  minimum: binary(tf.minimum),
  greaterEqual: binary(tf.greaterEqual),
  select: (_, inputs) => tf.where(at(inputs, 0), at(inputs, 1), at(inputs, 2)),
  neg: unary(tf.neg),
  exp: unary(tf.exp),
  log: unary(tf.log),
  sqrt: unary(tf.sqrt),
  rsqrt: unary(tf.rsqrt),
  // tfjs's own backends compute erf by Abramowitz and Stegun 7.1.26, with an absolute error up to
  // 1.5e-7.
  erf: unary(tf.erf),
  tanh: unary(tf.tanh),
  sigmoid: unary(tf.sigmoid),
  gelu: (_, inputs) => {
    const x = at(inputs, 0);
    return tf.mul(x, normalDistribution(x));
  },
  geluGradient: (_, inputs) => {
    const x = at(inputs, 0);
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(at(inputs, 1), tf.add(normalDistribution(x), tf.mul(x, density)));
  },
  softmax: (_, inputs) => tf.softmax(at(inputs, 0)),
  logSoftmax: (_, inputs) => tf.logSoftmax(at(inputs, 0)),
  matmul: (node, inputs, shape) => {
    const { transposeA, transposeB } = node.attributes;
    const [a, b] = [at(inputs, 0), at(inputs, 1)].map((x) =>
      x.rank <= 3 ? x : tf.reshape(x, [-1, x.shape.at(-2) ?? 1, x.shape.at(-1) ?? 1]),
    ) as [tf.Tensor, tf.Tensor];
    return tf.reshape(tf.matMul(a, b, transposeA, transposeB), [...shape]);
  },
  sum: (node, inputs) => tf.sum(at(inputs, 0), [...node.attributes.axes], node.attributes.keepDims),
  max: (node, inputs) => tf.max(at(inputs, 0), [...node.attributes.axes], node.attributes.keepDims),
  reshape: (_, inputs, shape) => tf.reshape(at(inputs, 0), [...shape]),
  transpose: (node, inputs) => tf.transpose(at(inputs, 0), [...node.attributes.permutation]),
  broadcastTo: (_, inputs, shape) => broadcastTo(at(inputs, 0), shape),
  slice: (node, inputs, shape) => slice(at(inputs, 0), node.attributes.begin, shape),
  pad: (node, inputs) => pad(at(inputs, 0), node.attributes.before, node.attributes.after),
  concat: (node, inputs) => tf.concat([...inputs], node.attributes.axis),
  gather: (_, inputs, shape) =>
    tf.reshape(tf.gather(at(inputs, 0), tf.reshape<tf.Rank.R1>(at(inputs, 1), [-1])), [...shape]),
  cast: (node, inputs) => tf.cast(at(inputs, 0), node.dtype),
  stopGradient: (_, inputs) => tf.clone(at(inputs, 0)),
  customVjp: (_, inputs) => tf.clone(at(inputs, 0)),
  remat: (_, inputs) => tf.clone(at(inputs, 0)),
};

/** Looks up a lowering by operation name; undefined if tfjs has no counterpart. */
export function tfjsLowering(op: string): Lowering<OpName> | undefined {
  return Object.hasOwn(TABLE, op) ? TABLE[op as OpName] : undefined;
}

function unary(op: (x: tf.Tensor) => tf.Tensor): Lowering<OpName> {
  return (_, inputs) => op(at(inputs, 0));
}

function binary(op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Lowering<OpName> {
  return (_, inputs) => op(at(inputs, 0), at(inputs, 1));
}

function at(inputs: readonly tf.Tensor[], index: number): tf.Tensor {
  const found = inputs[index];
  if (found === undefined) throw new Error(`operand ${String(index)} is missing`);
  return found;
}

/** Φ(x) = ½ (1 + erf(x / √2)). */
function normalDistribution(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function broadcastTo(x: tf.Tensor, shape: StaticShape): tf.Tensor {
  if (shape.length <= SAFE_RANK) return tf.broadcastTo(x, [...shape]);
  const zeros = tf.zeros([...shape], x.dtype);
  return x.dtype === 'bool' ? tf.logicalOr(zeros, x) : tf.add(zeros, x);
}

function slice(x: tf.Tensor, begin: readonly number[], shape: StaticShape): tf.Tensor {
  if (x.rank <= SAFE_RANK) return tf.slice(x, [...begin], [...shape]);
  return alongEachAxis(x, shape, (block, axis) => {
    const [outer, , inner] = block.shape;
    return tf.slice(block, [0, begin[axis] ?? 0, 0], [outer, shape[axis] ?? 0, inner]);
  });
}

function pad(x: tf.Tensor, before: readonly number[], after: readonly number[]): tf.Tensor {
  const around = (axis: number): [number, number] => [before[axis] ?? 0, after[axis] ?? 0];
  if (x.rank <= SAFE_RANK)
    return tf.pad(
      x,
      before.map((_, axis) => around(axis)),
    );
  const shape = x.shape.map((side, axis) => side + (before[axis] ?? 0) + (after[axis] ?? 0));
  return alongEachAxis(x, shape, (block, axis) => tf.pad(block, [[0, 0], around(axis), [0, 0]]));
}

/**
 * Changes the shape one axis at a time, on the tensor viewed as (outer, side, inner), a rank that
 * every backend supports.
 */
function alongEachAxis(
  x: tf.Tensor,
  shape: StaticShape,
  change: (block: tf.Tensor3D, axis: number) => tf.Tensor,
): tf.Tensor {
  let result = x;
  for (const [axis, side] of shape.entries()) {
    const from = result.shape;
    if (from[axis] === side) continue;
    const outer = sizeOf(from.slice(0, axis));
    const inner = sizeOf(from.slice(axis + 1));
    const block = tf.reshape<tf.Rank.R3>(result, [outer, from[axis] ?? 1, inner]);
    const to = from.map((before, i) => (i === axis ? side : before));
    result = tf.reshape(change(block, axis), to);
  }
  return sameShape(result.shape, x.shape) ? tf.clone(result) : result;
}
