import { DATA_TYPE } from '../../../formats/saved-model.ts';
import { kroneckerSizes } from '../kronecker.ts';
import { GraphError, sameShape, sizeOf, type NodeOf, type Shape, type Tensor } from '../tensor.ts';
import { shapeProto, textAttribute, typeAttribute, type Emitter } from './nodes.ts';

/**
 * Large products, attention, layer normalisations, GELU, sums of Kronecker products and what mixes by kernels as calls of our own kernels
 * (main/engine/kernels), which XLA finds by their names in the process that has registered them.
 */

/** Rows and columns, and depth, below which tiles and registers would be filled with padding. */
const LEAST_LINES = 16;
const LEAST_DEPTH = 32;
/** Multiplications below which the call and its threads cost more than they save. */
const LEAST_WORK = 2 ** 20;
/** Numbers below which going through them in a call costs more than it saves. */
const LEAST_NUMBERS = 2 ** 14;

type Called =
  | NodeOf<'matmul'>
  | NodeOf<'gelu'>
  | NodeOf<'geluGradient'>
  | NodeOf<'layerNorm'>
  | NodeOf<'layerNormGradient'>
  | NodeOf<'attention'>
  | NodeOf<'attentionGradient'>
  | NodeOf<'addKronecker'>
  | NodeOf<'kroneckerGradient'>
  | NodeOf<'mix'>
  | NodeOf<'mixGradient'>;

interface Size {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

function sizeOfProduct({ inputs, shape, attributes }: NodeOf<'matmul'>): Size {
  const [rows = 0, columns = 0] = shape.slice(-2);
  const depth = inputs[0]?.shape.at(attributes.transposeA ? -2 : -1) ?? 0;
  const batch = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return { batch, rows, columns, depth };
}

/** Whether there is a kernel for this node that is worth its call. */
export function isCalled(node: Tensor): node is Called {
  switch (node.op) {
    case 'matmul': {
      const leading = (shape: Shape | undefined): string => (shape ?? []).slice(0, -2).join();
      const [a, b] = node.inputs;
      return leading(a?.shape) === leading(b?.shape) && pays(sizeOfProduct(node));
    }
    case 'attention':
    case 'attentionGradient': {
      const [batch = 0, tokens = 0, , heads = 0, width = 0] = node.inputs[0]?.shape ?? [];
      return pays({ batch: batch * heads, rows: tokens, columns: tokens, depth: width });
    }
    case 'gelu':
    case 'geluGradient':
    case 'layerNorm':
    case 'layerNormGradient':
    case 'addKronecker':
    case 'kroneckerGradient':
    case 'mix':
    case 'mixGradient':
      return sizeOf(node.inputs[0]?.shape ?? []) >= LEAST_NUMBERS;
    default:
      return false;
  }
}

function pays({ batch, rows, columns, depth }: Size): boolean {
  return (
    Math.min(rows, columns) >= LEAST_LINES &&
    depth >= LEAST_DEPTH &&
    batch * rows * columns * depth >= LEAST_WORK
  );
}

/** @param nameOf where the value of a node is found that comes before this one */
export function lowerCall(node: Called, nameOf: (node: Tensor) => string, e: Emitter): string {
  const inputs = node.inputs.map(nameOf);
  switch (node.op) {
    case 'matmul': {
      const { batch, rows, columns, depth } = sizeOfProduct(node);
      const { transposeA, transposeB } = node.attributes;
      const size = [batch, rows, columns, depth, Number(transposeA), Number(transposeB)];
      return call('karst_matmul', inputs, size, node.shape, e);
    }
    case 'gelu':
    case 'geluGradient':
      return lowerGelu(node, nameOf, e);
    case 'layerNorm':
      return call('karst_layer_norm', inputs, sizeOfRows(node), node.shape, e);
    case 'layerNormGradient':
      return call('karst_layer_norm_gradient', inputs, sizeOfRows(node), node.shape, e);
    case 'attention':
      return call('karst_attention', inputs, sizeOfHeads(node), node.shape, e);
    case 'attentionGradient':
      return call('karst_attention_gradient', inputs, sizeOfHeads(node), node.shape, e);
    case 'addKronecker':
      return call('karst_add_kronecker', inputs, sizeOfKronecker(node), node.shape, e);
    case 'kroneckerGradient':
      return call('karst_kronecker_gradient', inputs, sizeOfKronecker(node), node.shape, e);
    case 'mix':
      return call('karst_mix', inputs, sizeOfMix(node.shape, node.inputs[0]), node.shape, e);
    case 'mixGradient': {
      const size = sizeOfMix(node.inputs[0]?.shape ?? [], node.inputs[1]);
      return call('karst_mix_gradient', inputs, size, node.shape, e);
    }
  }
}

/** The sum with a bias that GELU is usually of is made in its call: nothing of that size is written for it. */
function lowerGelu(
  node: NodeOf<'gelu'> | NodeOf<'geluGradient'>,
  nameOf: (node: Tensor) => string,
  e: Emitter,
): string {
  const [x, ...gradient] = node.inputs;
  if (x === undefined) throw new GraphError(`${node.op} has an input`);
  const { values, bias } = biasedSum(x);
  const width = x.shape.at(-1) ?? 1;
  const size = [sizeOf(x.shape) / width, width, Number(bias.length > 0)];
  const sum = bias
    .map(nameOf)
    .reduce(
      (a, b) => (a === '' ? b : e.emit('AddV2', [a, b], { T: typeAttribute('float32') }, 'z')),
      '',
    );
  const inputs = [nameOf(values), sum === '' ? nameOf(values) : sum, ...gradient.map(nameOf)];
  const target = node.op === 'gelu' ? 'karst_gelu' : 'karst_gelu_gradient';
  return call(target, inputs, size, node.shape, e);
}

/** x as a sum of values of its shape with a row and with single numbers, as far as it is one. */
function biasedSum(x: Tensor): { values: Tensor; bias: readonly Tensor[] } {
  const bias: Tensor[] = [];
  let values = x;
  while (values.op === 'add') {
    const [a, b] = values.inputs;
    if (a === undefined || b === undefined || !sameShape(a.shape, x.shape)) break;
    if (sizeOf(b.shape) !== 1 && !sameShape(b.shape, x.shape.slice(-1))) break;
    bias.push(b);
    values = a;
  }
  return bias.some(({ shape }) => sizeOf(shape) > 1) ? { values, bias } : { values: x, bias: [] };
}

/** rows, width, and the bits of ε. */
function sizeOfRows({
  shape,
  attributes,
}: NodeOf<'layerNorm'> | NodeOf<'layerNormGradient'>): number[] {
  const width = shape.at(-1) ?? 1;
  const [bits = 0] = new Int32Array(Float32Array.of(attributes.epsilon).buffer);
  return [sizeOf(shape) / width, width, bits];
}

/** batch, tokens, heads, width. */
function sizeOfHeads({ inputs: [qkv] }: Tensor): number[] {
  return (qkv?.shape ?? []).filter((_, axis) => axis !== 2);
}

/** kernels, splits, l, k, m, n. */
function sizeOfKronecker({ inputs: [, c, d] }: Tensor): number[] {
  if (c === undefined || d === undefined)
    throw new GraphError('a sum of Kronecker products has factors');
  const { kernels, splits, l, k, m, n } = kroneckerSizes(c, d);
  return [kernels, splits, l, k, m, n];
}

/** rows, l, m, kernels, rank, for y (rows, l, kernels, rank) and x (rows, m, kernels, rank). */
function sizeOfMix(
  [rows = 0, l = 0, kernels = 0, rank = 0]: Shape,
  x: Tensor | undefined,
): number[] {
  return [rows, l, x?.shape[1] ?? 0, kernels, rank];
}

function call(
  target: string,
  inputs: readonly string[],
  size: readonly number[],
  shape: Shape,
  e: Emitter,
): string {
  const { float32, int32 } = DATA_TYPE;
  return e.emit(
    'XlaCustomCallV2',
    [...inputs, e.indices(size)],
    {
      call_target_name: textAttribute(target),
      backend_config: textAttribute(''),
      has_side_effect: { b: false },
      operand_dtypes: { list: { type: [...inputs.map(() => float32), int32] } },
      result_dtypes: { list: { type: [float32] } },
      result_shapes: { list: { shape: [shapeProto(shape)] } },
    },
    'results',
  );
}
