import type { ContainerTensor } from './container.ts';
import { elementCount } from './elements.ts';
import type { ZipEntry } from './zip.ts';

/** A tensor in an entry of an archive. */
export interface ArchivedTensor extends ContainerTensor {
  readonly entry: ZipEntry;
  /** First byte of its first element in the entry. */
  readonly begin: number;
  /** Distance of neighbours along each axis, in elements, none negative. */
  readonly strides: readonly number[];
}

/** Strides of a tensor whose last axis (row-major, C) or first axis (Fortran) runs fastest. */
export function denseStrides(shape: readonly number[], fortran = false): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  const axes = [...shape.keys()];
  for (const axis of fortran ? axes : axes.reverse()) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** Whether the elements follow each other in row-major order. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const dense = denseStrides(shape);
  return elementCount(shape) === 0 || shape.every((n, i) => n === 1 || strides[i] === dense[i]);
}

/** Copies a strided tensor, whose first element is `values[0]`, into row-major order. */
export function rowMajor(
  values: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array {
  const out = new Float32Array(elementCount(shape) ?? 0);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
