import { DATA_TYPE, type AttrValue, type NodeDef } from '../../formats/saved-model.ts';
import { isOpen } from '../../graph/dim.ts';
import type { NodeOf, OpName } from '../../graph/registry.ts';
import { GraphError } from '../../graph/graph-error.ts';
import type { DType, Shape, Tensor } from '../../graph/tensor.ts';

/**
 * Writes the nodes of one function body; references have FunctionDef's form `node:output:index`.
 */
export interface Emitter {
  /** Adds a node and returns the reference to its output named `output`. */
  emit(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, AttrValue>,
    output: string,
  ): string;
  /** An int32 vector, used for axes and offsets. */
  indices(values: readonly number[]): string;
  /**
   * The dimensions of a shape as an int32 vector; open ones are computed from the call's batch
   * size.
   */
  sides(shape: Shape): string;
}

export const typeAttribute = (dtype: DType): AttrValue => ({ type: DATA_TYPE[dtype] });
export const textAttribute = (text: string): AttrValue => ({ s: new TextEncoder().encode(text) });
export const INDEX: AttrValue = { type: DATA_TYPE.int32 };

/** Open dimensions become -1, which TensorFlow infers. */
function inferredSides(shape: Shape): number[] {
  return shape.map((side) => (isOpen(side) ? -1 : side));
}

export function shapeProto(shape: Shape): { dim: { size: number }[] } {
  return { dim: inferredSides(shape).map((size) => ({ size })) };
}

export function constantNode(
  name: string,
  values: Float32Array | Int32Array,
  shape: Shape,
): NodeDef {
  const dtype = values instanceof Int32Array ? DATA_TYPE.int32 : DATA_TYPE.float32;
  const tensorContent = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const tensor = { dtype, tensorShape: shapeProto(shape), tensorContent };
  return { name, op: 'Const', input: [], attr: { dtype: { type: dtype }, value: { tensor } } };
}

type Lowering<K extends OpName> = (
  node: NodeOf<K>,
  inputs: readonly string[],
  e: Emitter,
) => string;

function elementwise(op: string, output: 'y' | 'z'): Lowering<OpName> {
  return (node, inputs, e) =>
    e.emit(op, inputs, { T: typeAttribute(node.inputs[0]?.dtype ?? 'float32') }, output);
}

function withIndices(op: string, index: string, output: string) {
  return (node: Tensor, inputs: readonly string[], values: readonly number[], e: Emitter): string =>
    e.emit(
      op,
      [...inputs, e.indices(values)],
      { T: typeAttribute(node.dtype), [index]: INDEX },
      output,
    );
}

const reshape = withIndices('Reshape', 'Tshape', 'output');
const transpose = withIndices('Transpose', 'Tperm', 'y');

function reduction(op: 'Sum' | 'Max'): Lowering<'sum' | 'max'> {
  return (node, inputs, e) => {
    const { axes, keepDims } = node.attributes;
    return e.emit(
      op,
      [...inputs, e.indices(axes)],
      { T: typeAttribute(node.dtype), Tidx: INDEX, keep_dims: { b: keepDims } },
      'output',
    );
  };
}

/**
 * TensorFlow lowering of each operation. Sources are resolved and composites decomposed beforehand.
 */
const LOWERINGS: { readonly [K in OpName]?: Lowering<K> } = {
  add: elementwise('AddV2', 'z'),
  sub: elementwise('Sub', 'z'),
  mul: elementwise('Mul', 'z'),
  div: elementwise('RealDiv', 'z'),
  maximum: elementwise('Maximum', 'z'),
  minimum: elementwise('Minimum', 'z'),
  greaterEqual: elementwise('GreaterEqual', 'z'),
  neg: elementwise('Neg', 'y'),
  exp: elementwise('Exp', 'y'),
  log: elementwise('Log', 'y'),
  sqrt: elementwise('Sqrt', 'y'),
  rsqrt: elementwise('Rsqrt', 'y'),
  erf: elementwise('Erf', 'y'),
  tanh: elementwise('Tanh', 'y'),
  sigmoid: elementwise('Sigmoid', 'y'),
  select: (node, inputs, e) =>
    e.emit('SelectV2', inputs, { T: typeAttribute(node.dtype) }, 'output'),
  softmax: (node, inputs, e) =>
    e.emit('Softmax', inputs, { T: typeAttribute(node.dtype) }, 'softmax'),
  logSoftmax: (node, inputs, e) =>
    e.emit('LogSoftmax', inputs, { T: typeAttribute(node.dtype) }, 'logsoftmax'),
  matmul: (node, inputs, e) => {
    const { transposeA, transposeB } = node.attributes;
    const T = typeAttribute(node.dtype);
    return node.shape.length === 2
      ? e.emit(
          'MatMul',
          inputs,
          { T, transpose_a: { b: transposeA }, transpose_b: { b: transposeB } },
          'product',
        )
      : e.emit(
          'BatchMatMulV2',
          inputs,
          { T, adj_x: { b: transposeA }, adj_y: { b: transposeB } },
          'output',
        );
  },
  sum: reduction('Sum'),
  max: reduction('Max'),
  reshape: (node, inputs, e) => reshape(node, inputs, inferredSides(node.shape), e),
  broadcastTo: (node, inputs, e) =>
    e.emit(
      'BroadcastTo',
      [...inputs, e.sides(node.shape)],
      { T: typeAttribute(node.dtype), Tidx: INDEX },
      'output',
    ),
  transpose: (node, inputs, e) => transpose(node, inputs, node.attributes.permutation, e),
  slice: (node, inputs, e) =>
    e.emit(
      'Slice',
      [...inputs, e.indices(node.attributes.begin), e.indices(inferredSides(node.shape))],
      { T: typeAttribute(node.dtype), Index: INDEX },
      'output',
    ),
  pad: (node, inputs, e) => {
    const { before, after } = node.attributes;
    const paddings = before.flatMap((b, axis) => [b, after[axis] ?? 0]);
    const pairs = e.emit(
      'Reshape',
      [e.indices(paddings), e.indices([before.length, 2])],
      { T: INDEX, Tshape: INDEX },
      'output',
    );
    return e.emit(
      'Pad',
      [...inputs, pairs],
      { T: typeAttribute(node.dtype), Tpaddings: INDEX },
      'output',
    );
  },
  concat: (node, inputs, e) => {
    const axis = e.emit(
      'Reshape',
      [e.indices([node.attributes.axis]), e.indices([])],
      { T: INDEX, Tshape: INDEX },
      'output',
    );
    return e.emit(
      'ConcatV2',
      [...inputs, axis],
      { N: { i: inputs.length }, T: typeAttribute(node.dtype), Tidx: INDEX },
      'output',
    );
  },
  gather: (node, inputs, e) =>
    e.emit(
      'GatherV2',
      [
        ...inputs,
        e.emit('Reshape', [e.indices([0]), e.indices([])], { T: INDEX, Tshape: INDEX }, 'output'),
      ],
      { Tparams: typeAttribute(node.dtype), Tindices: INDEX, Taxis: INDEX, batch_dims: { i: 0 } },
      'output',
    ),
  cast: (node, inputs, e) => {
    const from = typeAttribute(node.inputs[0].dtype);
    return e.emit('Cast', inputs, { SrcT: from, DstT: typeAttribute(node.dtype) }, 'y');
  },
  stopGradient: (_, inputs) => inputs[0] ?? '',
};

/** Whether TensorFlow has this operation; others are decomposed. */
export function hasLowering(op: string): boolean {
  return Object.hasOwn(LOWERINGS, op);
}

export function lowerNode(node: Tensor, inputs: readonly string[], e: Emitter): string {
  const lowering = hasLowering(node.op) ? LOWERINGS[node.op as OpName] : undefined;
  if (lowering === undefined) throw new GraphError(`"${node.op}" has no TensorFlow lowering`);
  return (lowering as Lowering<OpName>)(node as NodeOf<OpName>, inputs, e);
}
