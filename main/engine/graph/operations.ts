import { FLOAT, isShape, need, needType, node, NUMBER } from './node.ts';
import {
  sameShape,
  shapeText,
  sizeOf,
  type DType,
  type NodeOf,
  type Shape,
  type Tensor,
} from './tensor.ts';

export * from './composite-operations.ts';

/** The operations: each checks its inputs, infers the shape of its result and makes a node. */

/** A value fed at each call. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): NodeOf<'input'> {
  need(isShape(shape), () => `input "${name}" of shape ${shapeText(shape)}`);
  return { op: 'input', inputs: [], attributes: { name }, shape, dtype };
}

/** The present value of a variable, as it is before the call's updates. */
export function variable(name: string, shape: Shape): NodeOf<'variable'> {
  need(isShape(shape), () => `variable "${name}" of shape ${shapeText(shape)}`);
  return { op: 'variable', inputs: [], attributes: { name }, shape, dtype: 'float32' };
}

export function constant(values: Float32Array | Int32Array, shape: Shape): Tensor {
  need(
    values.length === sizeOf(shape),
    () => `${String(values.length)} values for ${shapeText(shape)}`,
  );
  return node(
    'constant',
    [],
    { values },
    shape,
    values instanceof Int32Array ? 'int32' : 'float32',
  );
}

export function scalar(value: number): Tensor {
  return constant(Float32Array.of(value), []);
}

/** The shape that two shapes broadcast to, by NumPy's rule. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    need(
      x === y || x === 1 || y === 1,
      () => `${shapeText(a)} and ${shapeText(b)} do not broadcast`,
    );
    return x === 1 ? y : x;
  });
}

type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum';
function binary(op: Binary, a: Tensor, b: Tensor): Tensor {
  needType(op, [a, b], op === 'div' ? FLOAT : NUMBER);
  return node(op, [a, b], {}, broadcastShape(a.shape, b.shape), a.dtype);
}

export const add = (a: Tensor, b: Tensor): Tensor => binary('add', a, b);
export const sub = (a: Tensor, b: Tensor): Tensor => binary('sub', a, b);
export const mul = (a: Tensor, b: Tensor): Tensor => binary('mul', a, b);
export const div = (a: Tensor, b: Tensor): Tensor => binary('div', a, b);
export const maximum = (a: Tensor, b: Tensor): Tensor => binary('maximum', a, b);
export const minimum = (a: Tensor, b: Tensor): Tensor => binary('minimum', a, b);

export function greaterEqual(a: Tensor, b: Tensor): Tensor {
  needType('greaterEqual', [a, b], NUMBER);
  return node('greaterEqual', [a, b], {}, broadcastShape(a.shape, b.shape), 'bool');
}

/** `a` where `condition` holds, else `b`; all three of one shape. */
export function select(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  need(
    condition.dtype === 'bool' &&
      sameShape(condition.shape, a.shape) &&
      sameShape(a.shape, b.shape),
    () => `select over ${shapeText(condition.shape)}, ${shapeText(a.shape)}, ${shapeText(b.shape)}`,
  );
  needType('select', [a, b], NUMBER);
  return node('select', [condition, a, b], {}, a.shape, a.dtype);
}

type Unary = 'neg' | 'exp' | 'log' | 'sqrt' | 'rsqrt' | 'erf' | 'gelu' | 'softmax' | 'logSoftmax';
const unary =
  (op: Unary, leastRank = 0) =>
  (x: Tensor): Tensor => {
    needType(op, [x], FLOAT);
    need(x.shape.length >= leastRank, () => `${op} of ${shapeText(x.shape)}`);
    return node(op, [x], {}, x.shape);
  };

export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const rsqrt = unary('rsqrt');
export const erf = unary('erf');
/** Exact GELU: x · Φ(x), Hendrycks and Gimpel (arXiv 1606.08415). */
export const gelu = unary('gelu');
/** Over the last axis. */
export const softmax = unary('softmax', 1);
/** Over the last axis. */
export const logSoftmax = unary('logSoftmax', 1);
/** The value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return node('stopGradient', [x], {}, x.shape, x.dtype);
}

/**
 * The value of `value`; in the backward pass its gradient flows to `value` and to `via`. So what is held constant in the
 * one can be differentiated in the other, by another way that is cheaper there. The value of `via` is never computed,
 * only what its own backward pass reads.
 */
export function gradientVia(value: Tensor, via: Tensor): Tensor {
  need(
    value.dtype === 'float32' && via.dtype === 'float32' && sameShape(value.shape, via.shape),
    () =>
      `gradientVia wants two equal tensors, not ${shapeText(value.shape)} and ${shapeText(via.shape)}`,
  );
  return node('gradientVia', [value, via], {}, value.shape);
}

/**
 * The value of `y`. Of what leads from `x` to it nothing is kept for the backward pass, which computes it again when the
 * gradient of `y` is there: gradient checkpointing (arXiv 1604.06174).
 */
export function recomputed(y: Tensor, x: Tensor): Tensor {
  needType('recomputed', [y, x], FLOAT);
  return node('recomputed', [y, x], {}, y.shape);
}

/** dy · (Φ(x) + x φ(x)), the backward pass of `gelu`; a leaf of differentiation. */
export function geluGradient(x: Tensor, dy: Tensor): Tensor {
  need(
    sameShape(x.shape, dy.shape),
    () => `geluGradient over ${shapeText(x.shape)}, ${shapeText(dy.shape)}`,
  );
  needType('geluGradient', [x, dy], FLOAT);
  return node('geluGradient', [x, dy], {}, x.shape);
}

/** Matrix product over the last two axes; leading axes are equal batch axes. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Tensor {
  needType('matmul', [a, b], FLOAT);
  const [rows, innerA] = lastTwo(a.shape, transposeA);
  const [innerB, columns] = lastTwo(b.shape, transposeB);
  const batch = a.shape.slice(0, -2);
  need(
    innerA === innerB && sameShape(batch, b.shape.slice(0, -2)),
    () => `matmul of ${shapeText(a.shape)} and ${shapeText(b.shape)}`,
  );
  return node('matmul', [a, b], { transposeA, transposeB }, [...batch, rows, columns]);
}

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const rows = shape.at(-2);
  const columns = shape.at(-1);
  need(rows !== undefined && columns !== undefined, () => `matmul of ${shapeText(shape)}`);
  return transposed ? [columns, rows] : [rows, columns];
}

function reduced(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const gone = new Set(axes);
  need(
    gone.size === axes.length && axes.every((a) => a >= 0 && a < shape.length),
    () => `axes ${axes.join()} of ${shapeText(shape)}`,
  );
  if (keepDims) return shape.map((side, axis) => (gone.has(axis) ? 1 : side));
  return shape.filter((_, axis) => !gone.has(axis));
}

export function sum(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  if (axes.length === 0) return x;
  needType('sum', [x], NUMBER);
  return node('sum', [x], { axes, keepDims }, reduced(x.shape, axes, keepDims), x.dtype);
}

export function max(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  if (axes.length === 0) return x;
  needType('max', [x], NUMBER);
  return node('max', [x], { axes, keepDims }, reduced(x.shape, axes, keepDims), x.dtype);
}

export function mean(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  const count = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  return mul(sum(x, axes, keepDims), scalar(1 / count));
}

export function sumAll(x: Tensor): Tensor {
  return sum(
    x,
    x.shape.map((_, axis) => axis),
  );
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  need(
    sizeOf(x.shape) === sizeOf(shape),
    () => `reshape of ${shapeText(x.shape)} to ${shapeText(shape)}`,
  );
  return sameShape(x.shape, shape) ? x : node('reshape', [x], {}, shape, x.dtype);
}

export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  need(
    [...permutation].sort((a, b) => a - b).every((axis, i) => axis === i) &&
      permutation.length === x.shape.length,
    () => `permutation ${permutation.join()} of ${shapeText(x.shape)}`,
  );
  const shape = permutation.map((axis) => x.shape[axis] ?? 0);
  return node('transpose', [x], { permutation }, shape, x.dtype);
}

export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  need(
    sameShape(broadcastShape(x.shape, shape), shape),
    () => `broadcast of ${shapeText(x.shape)} to ${shapeText(shape)}`,
  );
  return sameShape(x.shape, shape) ? x : node('broadcastTo', [x], {}, shape, x.dtype);
}

/** The box of `shape` that starts at `begin`. */
export function slice(x: Tensor, begin: readonly number[], shape: Shape): Tensor {
  need(
    begin.length === x.shape.length &&
      shape.length === x.shape.length &&
      begin.every((b, axis) => b >= 0 && b + (shape[axis] ?? 0) <= (x.shape[axis] ?? 0)),
    () => `slice ${begin.join()} ${shapeText(shape)} of ${shapeText(x.shape)}`,
  );
  return sameShape(x.shape, shape) ? x : node('slice', [x], { begin }, shape, x.dtype);
}

/** Zeros around `x`. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  need(
    before.length === x.shape.length &&
      after.length === x.shape.length &&
      isShape([...before, ...after]),
    () => `pad of ${shapeText(x.shape)} by ${before.join()} and ${after.join()}`,
  );
  needType('pad', [x], NUMBER);
  const shape = x.shape.map((side, axis) => side + (before[axis] ?? 0) + (after[axis] ?? 0));
  return sameShape(x.shape, shape) ? x : node('pad', [x], { before, after }, shape, x.dtype);
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  need(first !== undefined, () => 'concat of nothing');
  need(axis in first.shape, () => `concat along axis ${String(axis)} of ${shapeText(first.shape)}`);
  needType('concat', parts, NUMBER);
  if (parts.length === 1) return first;
  const total = parts.reduce((side, part) => side + (part.shape[axis] ?? 0), 0);
  need(
    parts.every(
      (p) =>
        p.shape.length === first.shape.length &&
        p.shape.every((side, i) => i === axis || side === first.shape[i]),
    ),
    () => `concat of ${parts.map((p) => shapeText(p.shape)).join(' ')} along ${String(axis)}`,
  );
  const shape = first.shape.map((side, i) => (i === axis ? total : side));
  return node('concat', parts, { axis }, shape, first.dtype);
}

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : node('cast', [x], {}, x.shape, dtype);
}
