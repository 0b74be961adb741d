import { bfloat16ToFloat32, halfToFloat32 } from '../float16.ts';
import { PIECE, type ReadAt } from './reader.ts';

/** Types of stored numbers, little-endian, by the names that safetensors gives them. */
export type TensorDtype =
  'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** A number that is NaN or infinite, and its index in row-major order. */
export interface NotFinite {
  readonly position: number;
  readonly value: number;
}

const DTYPE_BYTES: Record<TensorDtype, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one element. */
export function bytesPerElement(dtype: TensorDtype): number {
  return DTYPE_BYTES[dtype];
}

export function isTensorDtype(name: string): name is TensorDtype {
  return Object.hasOwn(DTYPE_BYTES, name);
}

/** Product of the sizes; null when it is no safe integer. */
export function elementCount(shape: readonly number[]): number | null {
  // A zero anywhere makes the tensor empty, but the other sizes must not overflow before it is met.
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return null;
  }
  return count;
}

/** `count` elements from the byte `begin` on as float32; F64 and I64 round to the nearest. */
export async function readElements(
  read: ReadAt,
  dtype: TensorDtype,
  begin: number,
  count: number,
): Promise<Float32Array> {
  const out = new Float32Array(count);
  if (dtype === 'F32') {
    await read(begin, new Uint8Array(out.buffer));
    return out;
  }
  for await (const { first, bytes } of pieces(read, dtype, begin, count))
    widen(dtype, bytes, out.subarray(first, first + bytes.length / DTYPE_BYTES[dtype]));
  return out;
}

/**
 * The first of `count` elements from the byte `begin` on that is NaN or infinite, found by its
 * bits, piece by piece; null if there is none, or the type has no such values.
 */
export async function firstNotFiniteElement(
  read: ReadAt,
  dtype: TensorDtype,
  begin: number,
  count: number,
): Promise<NotFinite | null> {
  const size = DTYPE_BYTES[dtype];
  for await (const { first, bytes } of pieces(read, dtype, begin, count)) {
    const index = indexIn(dtype, bytes);
    if (index === -1) continue;
    const value = new Float32Array(1);
    widen(dtype, bytes.slice(index * size, (index + 1) * size), value);
    return { position: first + index, value: value[0] ?? Number.NaN };
  }
  return null;
}

/** Pieces of the elements' bytes, each at the start of a buffer, with the index of its first. */
async function* pieces(
  read: ReadAt,
  dtype: TensorDtype,
  begin: number,
  count: number,
): AsyncGenerator<{ readonly first: number; readonly bytes: Uint8Array }> {
  const total = count * DTYPE_BYTES[dtype];
  for (let done = 0; done < total; done += PIECE) {
    const bytes = new Uint8Array(Math.min(PIECE, total - done));
    await read(begin + done, bytes);
    yield { first: done / DTYPE_BYTES[dtype], bytes };
  }
}

/**
 * Index of the first number whose exponent has all bits set; -1 if there is none. `bytes` starts a
 * buffer.
 */
function indexIn(dtype: TensorDtype, { buffer }: Uint8Array): number {
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer).findIndex((x) => !Number.isFinite(x));
    case 'F32':
      return indexNotFinite(new Float32Array(buffer));
    case 'BF16':
      return firstWithAll(new Uint16Array(buffer), 0x7f80);
    case 'F16':
      return firstWithAll(new Uint16Array(buffer), 0x7c00);
    default:
      return -1;
  }
}

/**
 * Index of the first NaN or infinite number; -1 if there is none. By its bits, as calling a
 * function for each is many times slower.
 */
export function indexNotFinite({ buffer, byteOffset, length }: Float32Array): number {
  return firstWithAll(new Uint32Array(buffer, byteOffset, length), 0x7f800000);
}

function firstWithAll(words: Uint32Array | Uint16Array, exponent: number): number {
  for (let i = 0; i < words.length; i++) if ((words[i]! & exponent) === exponent) return i;
  return -1;
}

/** Converts stored little-endian elements; `bytes` starts a buffer, so every view is aligned. */
function widen(dtype: TensorDtype, bytes: Uint8Array, out: Float32Array): void {
  const { buffer } = bytes;
  switch (dtype) {
    case 'F64':
      out.set(new Float64Array(buffer));
      return;
    case 'F32':
      out.set(new Float32Array(buffer));
      return;
    case 'I32':
      out.set(new Int32Array(buffer));
      return;
    case 'I16':
      out.set(new Int16Array(buffer));
      return;
    case 'I8':
      out.set(new Int8Array(buffer));
      return;
    case 'U8':
    case 'BOOL':
      out.set(bytes);
      return;
    case 'I64': {
      const values = new BigInt64Array(buffer);
      for (let i = 0; i < values.length; i++) out[i] = Number(values[i]);
      return;
    }
    case 'F16':
      halfToFloat32(new Uint16Array(buffer), out);
      return;
    case 'BF16':
      bfloat16ToFloat32(new Uint16Array(buffer), out);
  }
}
