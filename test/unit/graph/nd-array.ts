import type { NodeOf, OpName } from '../../../main/graph/registry.ts';
import { sizeOf, type StaticShape } from '../../../main/graph/tensor.ts';

/** Arrays of float64 numbers, used by the reference implementations of operations. */
export interface NdArray {
  readonly shape: StaticShape;
  readonly data: Float64Array;
}

export type Index = readonly number[];
/** A node with a static shape, without an open batch. */
type StaticNode<K extends OpName> = Omit<NodeOf<K>, 'shape'> & { readonly shape: StaticShape };

export type Reference<K extends OpName> = (
  node: StaticNode<K>,
  inputs: readonly NdArray[],
) => NdArray;

export function ndArray(shape: StaticShape, valueAt: (index: Index) => number): NdArray {
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

/** The element at an index. Axes of size 1 and missing leading axes broadcast. */
export function at(x: NdArray, index: Index): number {
  const extra = index.length - x.shape.length;
  let flat = 0;
  x.shape.forEach((side, axis) => {
    flat = flat * side + (side === 1 ? 0 : (index[axis + extra] ?? NaN));
  });
  return x.data[flat] ?? NaN;
}

export function operand(inputs: readonly NdArray[], index: number): NdArray {
  const found = inputs[index];
  if (found === undefined) throw new Error(`no operand ${String(index)}`);
  return found;
}

/** Applies a function to each row along the last axis. */
export function rowwise(f: (row: number[]) => number[]): (x: NdArray) => NdArray {
  return (x) => {
    const side = x.shape.at(-1) ?? 1;
    const data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += side) {
      data.set(f([...x.data.subarray(start, start + side)]), start);
    }
    return { shape: x.shape, data };
  };
}

export const total = (row: readonly number[]): number => row.reduce((sum, x) => sum + x, 0);

export const logSumExp = (row: readonly number[]): number => {
  const largest = Math.max(...row);
  return largest + Math.log(total(row.map((x) => Math.exp(x - largest))));
};
