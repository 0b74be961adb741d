import { DATA_TYPE } from '../../../formats/saved-model.ts';
import type { NodeOf, Shape } from '../tensor.ts';
import { shapeProto, textAttribute, type Emitter } from './nodes.ts';

/**
 * Large products as calls of `karst_split_matmul` (main/engine/kernels), which XLA finds by its name in the process that
 * has registered it.
 */

/** Rows and columns, and depth, below which the tiles of the processor would be filled with padding. */
const LEAST_LINES = 16;
const LEAST_DEPTH = 32;
/** Multiplications below which the call and its threads cost more than they save. */
const LEAST_WORK = 2 ** 20;

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

export function isSplit(node: NodeOf<'matmul'>): boolean {
  const { batch, rows, columns, depth } = sizeOfProduct(node);
  const leading = (shape: Shape | undefined): string => (shape ?? []).slice(0, -2).join();
  const [a, b] = node.inputs;
  return (
    leading(a?.shape) === leading(b?.shape) &&
    Math.min(rows, columns) >= LEAST_LINES &&
    depth >= LEAST_DEPTH &&
    batch * rows * columns * depth >= LEAST_WORK
  );
}

export function lowerSplit(node: NodeOf<'matmul'>, inputs: readonly string[], e: Emitter): string {
  const { batch, rows, columns, depth } = sizeOfProduct(node);
  const { transposeA, transposeB } = node.attributes;
  const { float32, int32 } = DATA_TYPE;
  const size = [batch, rows, columns, depth, Number(transposeA), Number(transposeB)];
  return e.emit(
    'XlaCustomCallV2',
    [...inputs, e.indices(size)],
    {
      call_target_name: textAttribute('karst_split_matmul'),
      backend_config: textAttribute(''),
      has_side_effect: { b: false },
      operand_dtypes: { list: { type: [float32, float32, int32] } },
      result_dtypes: { list: { type: [float32] } },
      result_shapes: { list: { shape: [shapeProto(node.shape)] } },
    },
    'results',
  );
}
