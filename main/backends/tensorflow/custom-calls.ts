import { DATA_TYPE } from '../../formats/saved-model.ts';
import { staticDim } from '../../graph/dim.ts';
import { kroneckerSizes } from '../../graph/ops/kronecker.ts';
import { isNode, type NodeOf, type OpName } from '../../graph/registry.ts';
import { sameShape, sizeOf, staticShape, type Shape, type Tensor } from '../../graph/tensor.ts';
import { shapeProto, textAttribute, typeAttribute, type Emitter } from './nodes.ts';

/**
 * Lowers large products, attention, layer normalisation, GELU, sums of Kronecker products and
 * mixing by kernels to custom calls of our own kernels (main/native-ops/kernels). XLA finds them by
 * name in the process that registered them.
 */

/**
 * Minimum rows and columns, and depth, of a product: below these, tiles and registers are mostly
 * padding.
 */
const LEAST_LINES = 16;
const LEAST_DEPTH = 32;
/**
 * Minimum number of multiplications: below this, the overhead of the call and its threads outweighs
 * the gain.
 */
const LEAST_WORK = 2 ** 20;
/** Minimum number of elements of an element-wise or row-wise call, for the same reason. */
const LEAST_NUMBERS = 2 ** 14;

/** A kernel that implements an operation. */
interface Call<N extends Tensor> {
  /** Name under which XLA finds the kernel. */
  readonly target: string;
  /** Whether the kernel is faster for this node. */
  pays(node: N): boolean;
  /** Sizes passed to the kernel, which cannot see shapes. */
  size(node: N): readonly number[];
  /** Operands of the call, if they differ from the node's inputs. */
  operands?(node: N, nameOf: NameOf, e: Emitter): readonly string[];
}

/** Returns the reference to the value of an earlier node. */
type NameOf = (node: Tensor) => string;

const CALLS: { readonly [K in OpName]?: Call<NodeOf<K>> } = {
  matmul: {
    target: 'karst_matmul',
    pays: (node) => {
      const [a, b] = node.inputs;
      return (
        sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2)) && productPays(productSize(node))
      );
    },
    size: (node) => {
      const { batch, rows, columns, depth } = productSize(node);
      const { transposeA, transposeB } = node.attributes;
      return [batch, rows, columns, depth, Number(transposeA), Number(transposeB)];
    },
  },
  gelu: {
    target: 'karst_gelu',
    pays: isLarge,
    size: sizeOfGelu,
    operands: ({ inputs: [x] }, nameOf, e) => operandsOfGelu(x, nameOf, e),
  },
  geluGradient: {
    target: 'karst_gelu_gradient',
    pays: isLarge,
    size: sizeOfGelu,
    operands: ({ inputs: [x, dy] }, nameOf, e) => [...operandsOfGelu(x, nameOf, e), nameOf(dy)],
  },
  layerNorm: { target: 'karst_layer_norm', pays: isLarge, size: sizeOfRows },
  layerNormGradient: { target: 'karst_layer_norm_gradient', pays: isLarge, size: sizeOfRows },
  packedAttention: { target: 'karst_attention', pays: attentionPays, size: sizeOfHeads },
  packedAttentionGradient: {
    target: 'karst_attention_gradient',
    pays: attentionPays,
    size: sizeOfHeads,
  },
  addKronecker: { target: 'karst_add_kronecker', pays: isLarge, size: sizeOfKronecker },
  kroneckerGradient: { target: 'karst_kronecker_gradient', pays: isLarge, size: sizeOfKronecker },
  mix: {
    target: 'karst_mix',
    pays: isLarge,
    size: ({ shape, inputs: [x] }) => sizeOfMix(shape, x),
  },
  mixGradient: {
    target: 'karst_mix_gradient',
    pays: isLarge,
    size: ({ inputs: [dy, x] }) => sizeOfMix(dy.shape, x),
  },
};

function callOf(node: Tensor): Call<Tensor> | undefined {
  return Object.hasOwn(CALLS, node.op) ? CALLS[node.op as OpName] : undefined;
}

/** Whether a kernel exists for this node and is worth calling. */
export function isCalled(node: Tensor): boolean {
  return callOf(node)?.pays(node) ?? false;
}

/** Returns the operands of the call of a node for which `isCalled` holds. */
export function calledOn(node: Tensor): readonly Tensor[] {
  if (!isNode(node, 'gelu') && !isNode(node, 'geluGradient')) return node.inputs;
  const [x, ...others] = node.inputs;
  const { values, bias } = biasedSum(x);
  return [values, ...bias, ...others];
}

/**
 * As in `matmul.cc`: the width of a micro-panel (with AVX2 24, which comes to nearly the same),
 * and the limits for split-K, which packs in parts.
 */
const PANEL_WIDTH = 32;
const MIN_SPLIT_K = 1024;
const MAX_SPLIT_K_RESULT = 2 ** 18;

/**
 * Bytes into which a call packs its right operand, for a node for which `isCalled` holds. Every
 * thread that makes calls keeps a buffer of its largest one. The kernels' other buffers are
 * cache-sized and not counted.
 */
export function packedBytes(node: Tensor): number {
  if (!isNode(node, 'matmul')) return 0;
  const { batch, rows, columns, depth } = productSize(node);
  if (batch === 1 && depth >= MIN_SPLIT_K && rows * columns <= MAX_SPLIT_K_RESULT) return 0;
  return Math.ceil(columns / PANEL_WIDTH) * PANEL_WIDTH * depth * Float32Array.BYTES_PER_ELEMENT;
}

/** Emits the call of a node for which `isCalled` holds. */
export function lowerCall(node: Tensor, nameOf: NameOf, e: Emitter): string {
  const call = callOf(node);
  if (call === undefined) throw new Error(`there is no kernel for "${node.op}"`);
  const inputs = call.operands?.(node, nameOf, e) ?? node.inputs.map(nameOf);
  const { float32, int32 } = DATA_TYPE;
  return e.emit(
    'XlaCustomCallV2',
    [...inputs, e.indices(call.size(node))],
    {
      call_target_name: textAttribute(call.target),
      backend_config: textAttribute(''),
      has_side_effect: { b: false },
      operand_dtypes: { list: { type: [...inputs.map(() => float32), int32] } },
      result_dtypes: { list: { type: [float32] } },
      result_shapes: { list: { shape: [shapeProto(node.shape)] } },
    },
    'results',
  );
}

interface ProductSize {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

function productSize({ inputs: [a], shape, attributes }: NodeOf<'matmul'>): ProductSize {
  const sides = staticShape(shape);
  const [rows = 0, columns = 0] = sides.slice(-2);
  const depth = staticDim(a.shape.at(attributes.transposeA ? -2 : -1) ?? 0);
  return { batch: sizeOf(sides.slice(0, -2)), rows, columns, depth };
}

function productPays({ batch, rows, columns, depth }: ProductSize): boolean {
  return (
    Math.min(rows, columns) >= LEAST_LINES &&
    depth >= LEAST_DEPTH &&
    batch * rows * columns * depth >= LEAST_WORK
  );
}

function attentionPays({
  inputs: [qkv],
}: NodeOf<'packedAttention'> | NodeOf<'packedAttentionGradient'>): boolean {
  const [batch = 0, tokens = 0, , heads = 0, width = 0] = staticShape(qkv.shape);
  return productPays({ batch: batch * heads, rows: tokens, columns: tokens, depth: width });
}

function isLarge({ inputs }: Tensor): boolean {
  return sizeOf(staticShape(inputs[0]?.shape ?? [])) >= LEAST_NUMBERS;
}

/** Returns rows, width and whether there is a bias. */
function sizeOfGelu({ inputs: [x] }: NodeOf<'gelu'> | NodeOf<'geluGradient'>): number[] {
  return [...rowsOf(x), Number(biasedSum(x).bias.length > 0)];
}

/**
 * Fuses the bias addition that usually precedes GELU into the call, which saves an intermediate of
 * that size.
 */
function operandsOfGelu(x: Tensor, nameOf: NameOf, e: Emitter): string[] {
  const { values, bias } = biasedSum(x);
  const sum = bias
    .map(nameOf)
    .reduce(
      (a, b) => (a === '' ? b : e.emit('AddV2', [a, b], { T: typeAttribute('float32') }, 'z')),
      '',
    );
  return [nameOf(values), sum === '' ? nameOf(values) : sum];
}

/** Splits x into values of its own shape plus a row and scalars, if it is such a sum. */
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
  return bias.some(({ shape }) => sizeOf(shape) !== 1) ? { values, bias } : { values: x, bias: [] };
}

/** Returns rows, width and the bits of ε. */
function sizeOfRows(node: NodeOf<'layerNorm'> | NodeOf<'layerNormGradient'>): number[] {
  const [bits = 0] = new Int32Array(Float32Array.of(node.attributes.epsilon).buffer);
  return [...rowsOf(node), bits];
}

/** Returns the number of rows and their width. */
function rowsOf({ shape }: Tensor): number[] {
  const sides = staticShape(shape);
  const width = sides.at(-1) ?? 1;
  return [sizeOf(sides) / width, width];
}

/** Returns batch, tokens, heads, width. */
function sizeOfHeads({
  inputs: [qkv],
}: NodeOf<'packedAttention'> | NodeOf<'packedAttentionGradient'>): number[] {
  return staticShape(qkv.shape).filter((_, axis) => axis !== 2);
}

/** Returns kernels, splits, l, k, m, n. */
function sizeOfKronecker({
  inputs: [, c, d],
}: NodeOf<'addKronecker'> | NodeOf<'kroneckerGradient'>): number[] {
  const { kernels, splits, l, k, m, n } = kroneckerSizes(c, d);
  return [kernels, splits, l, k, m, n];
}

/**
 * Returns rows, l, m, kernels, rank, for y (rows, l, kernels, rank) and x (rows, m, kernels, rank).
 */
function sizeOfMix(y: Shape, x: Tensor): number[] {
  const [rows = 0, l = 0, kernels = 0, rank = 0] = staticShape(y);
  return [rows, l, staticDim(x.shape[1] ?? 0), kernels, rank];
}
