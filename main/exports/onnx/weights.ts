import type { Precision } from '../../../shared/domain/export-target.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import { toHalf } from '../../formats/float16.ts';
import type { StaticShape } from '../../graph/tensor.ts';
import { DATA_TYPE, type TensorProto } from './schema.ts';

export type Values = Float32Array | Float64Array;

/** Largest quantised magnitude; -128 is left out so that zero is in the middle. */
const LEVELS = 127;

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** A tensor of the type that floats have in this file. */
export function floatTensor(
  name: string,
  dims: StaticShape,
  values: Values,
  half: boolean,
): TensorProto {
  if (!half)
    return {
      name,
      dims,
      dataType: DATA_TYPE.float32,
      rawData: bytesOf(values instanceof Float32Array ? values : Float32Array.from(values)),
    };
  return { name, dims, dataType: DATA_TYPE.float16, rawData: bytesOf(halves(values)) };
}

export function intTensor(name: string, dims: StaticShape, values: Int32Array): TensorProto {
  return { name, dims, dataType: DATA_TYPE.int32, rawData: bytesOf(values) };
}

export function indexTensor(name: string, values: readonly number[]): TensorProto {
  const rawData = bytesOf(BigInt64Array.from(values, BigInt));
  return { name, dims: [values.length], dataType: DATA_TYPE.int64, rawData };
}

/** Whether a tensor is stored in 8 bits: the matrices of products, whose first axis is the outputs. */
export function isQuantised(precision: Precision, { role, shape }: TensorSpec): boolean {
  return precision === 'int8' && shape.length > 1 && (role === 'matrix' || role === 'head');
}

/** A tensor as whole numbers in -127 … 127, and the factor of each of its rows along the first axis. */
export function quantised(
  name: string,
  dims: StaticShape,
  values: Values,
): { readonly levels: TensorProto; readonly scales: TensorProto } {
  const rows = dims[0] ?? 1;
  const width = values.length / rows;
  const levels = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    let largest = 0;
    for (const value of own) largest = Math.max(largest, Math.abs(value));
    const scale = Math.fround(largest / LEVELS) || 1;
    scales[row] = scale;
    own.forEach((value, i) => {
      levels[row * width + i] = Math.max(-LEVELS, Math.min(LEVELS, Math.round(value / scale)));
    });
  }
  return {
    levels: { name: `${name}.int8`, dims, dataType: DATA_TYPE.int8, rawData: bytesOf(levels) },
    scales: floatTensor(`${name}.scale`, [rows], scales, false),
  };
}

/** The largest number in half precision: what lies beyond would become infinite. */
const HALF_MAX = 65504;

function halves(values: Values): Uint16Array {
  const clamped = values.map((value) => Math.max(-HALF_MAX, Math.min(HALF_MAX, value)));
  const out = new Uint16Array(values.length);
  toHalf(clamped, out);
  return out;
}
