import { isOpen } from '../../graph/dim.ts';
import { GraphError } from '../../graph/graph-error.ts';
import type { NodeOf, OpName } from '../../graph/registry.ts';
import type { DType, Shape, Tensor } from '../../graph/tensor.ts';
import type { Attribute, DataType } from './schema.ts';

/** Writes the nodes of an ONNX graph; tensors are referred to by name. */
export interface Emitter {
  /** Adds a node and returns the name of its output. */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): string;
  /** An int64 vector, for axes, offsets and shapes. */
  indices(values: readonly number[]): string;
  /** The sides of a shape as an int64 vector; open ones are computed from the call's batch size. */
  sides(shape: Shape): string;
  /** A scalar of the type that floats have in this graph. */
  scalar(value: number): string;
  typeOf(dtype: DType): DataType;
}

type Lowering<K extends OpName> = (
  node: NodeOf<K>,
  inputs: readonly string[],
  e: Emitter,
) => string;

const same =
  (opType: string): Lowering<OpName> =>
  (_, inputs, e) =>
    e.emit(opType, inputs);

const alongLast =
  (opType: string): Lowering<OpName> =>
  (_, inputs, e) =>
    e.emit(opType, inputs, { axis: -1 });

/** The last two axes exchanged. */
function transposed(x: Tensor, name: string, e: Emitter): string {
  const axes = x.shape.map((_, axis) => axis);
  return e.emit('Transpose', [name], {
    perm: [...axes.slice(0, -2), axes.length - 1, axes.length - 2],
  });
}

/**
 * Lowering of each operation to ONNX opset 17. Sources are resolved and composites decomposed
 * beforehand.
 */
const LOWERINGS: { readonly [K in OpName]?: Lowering<K> } = {
  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  maximum: same('Max'),
  minimum: same('Min'),
  greaterEqual: same('GreaterOrEqual'),
  select: same('Where'),
  neg: same('Neg'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  rsqrt: (_, inputs, e) => e.emit('Reciprocal', [e.emit('Sqrt', inputs)]),
  erf: same('Erf'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  // In the order in which runtimes recognise it and compute it at once.
  gelu: (_, [x = ''], e) => {
    const erf = e.emit('Erf', [e.emit('Div', [x, e.scalar(Math.SQRT2)])]);
    const gated = e.emit('Mul', [x, e.emit('Add', [erf, e.scalar(1)])]);
    return e.emit('Mul', [gated, e.scalar(0.5)]);
  },
  softmax: alongLast('Softmax'),
  logSoftmax: alongLast('LogSoftmax'),
  layerNorm: ({ attributes: { epsilon } }, inputs, e) =>
    e.emit('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }),
  matmul: (node, [a = '', b = ''], e) => {
    const { transposeA, transposeB } = node.attributes;
    if (node.shape.length === 2)
      return e.emit('Gemm', [a, b], { transA: Number(transposeA), transB: Number(transposeB) });
    const [left, right] = node.inputs;
    return e.emit('MatMul', [
      transposeA ? transposed(left, a, e) : a,
      transposeB ? transposed(right, b, e) : b,
    ]);
  },
  sum: ({ attributes: { axes, keepDims } }, [x = ''], e) =>
    e.emit('ReduceSum', [x, e.indices(axes)], {
      keepdims: Number(keepDims),
      noop_with_empty_axes: 1,
    }),
  max: ({ attributes: { axes, keepDims } }, inputs, e) =>
    axes.length === 0
      ? e.emit('Identity', inputs)
      : e.emit('ReduceMax', inputs, { axes, keepdims: Number(keepDims) }),
  reshape: ({ shape }, [x = ''], e) =>
    e.emit('Reshape', [x, e.indices(shape.map((side) => (isOpen(side) ? -1 : side)))]),
  broadcastTo: ({ shape }, [x = ''], e) => e.emit('Expand', [x, e.sides(shape)]),
  transpose: ({ attributes: { permutation } }, inputs, e) =>
    e.emit('Transpose', inputs, { perm: permutation }),
  slice: (node, [x = ''], e) => {
    const { begin } = node.attributes;
    const cut = node.shape.flatMap((side, axis) => {
      const from = begin[axis] ?? 0;
      return isOpen(side) ? [] : [{ axis, from, to: from + side }];
    });
    return e.emit('Slice', [
      x,
      e.indices(cut.map(({ from }) => from)),
      e.indices(cut.map(({ to }) => to)),
      e.indices(cut.map(({ axis }) => axis)),
    ]);
  },
  pad: ({ attributes: { before, after } }, [x = ''], e) =>
    e.emit('Pad', [x, e.indices([...before, ...after])]),
  concat: ({ attributes: { axis } }, inputs, e) => e.emit('Concat', inputs, { axis }),
  gather: (_, inputs, e) => e.emit('Gather', inputs, { axis: 0 }),
  cast: ({ dtype }, inputs, e) => e.emit('Cast', inputs, { to: e.typeOf(dtype) }),
  stopGradient: (_, inputs) => inputs[0] ?? '',
};

/** Whether ONNX has this operation; others are decomposed. */
export function hasLowering(op: string): boolean {
  return Object.hasOwn(LOWERINGS, op);
}

export function lowerNode(node: Tensor, inputs: readonly string[], e: Emitter): string {
  const lowering = hasLowering(node.op) ? LOWERINGS[node.op as OpName] : undefined;
  if (lowering === undefined) throw new GraphError(`"${node.op}" has no ONNX lowering`);
  return (lowering as Lowering<OpName>)(node as NodeOf<OpName>, inputs, e);
}
