import type { FileHandle } from 'node:fs/promises';
import { KarstError } from '../../shared/domain/errors.ts';
import { type Append, openFile, readError, writeFileAtomic } from './files.ts';
import { bfloat16ToFloat32, halfToFloat32, toBfloat16, toHalf } from './float16.ts';
import { foreignWeights } from './foreign-weights.ts';
import {
  bytesPerElement,
  elementCount,
  HEADER_LIMIT,
  parseHeader,
  renderHeader,
  storageOrder,
  type TensorDtype,
  type TensorInfo,
} from './safetensors-header.ts';

export type { TensorDtype, TensorInfo } from './safetensors-header.ts';

/** Tensors are read and converted in pieces of this many bytes, a multiple of 8. */
const PIECE = 16 * 2 ** 20;
const SNIFF = 65536;

/**
 * A safetensors file, open for reading. The header is checked as a whole on opening; tensors are read from their
 * positions when asked for, so that a file larger than memory can be used.
 */
export class SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #handle: FileHandle;
  readonly #dataStart: number;

  private constructor(
    path: string,
    handle: FileHandle,
    dataStart: number,
    header: Pick<SafetensorsFile, 'tensors' | 'metadata'>,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#dataStart = dataStart;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws KarstError `not-found`, `not-readable`, `file-damaged`; `format-unsupported` for weights of another
   * format that is recognised (with the way to convert it), `format-unknown` for anything else
   */
  static async open(path: string): Promise<SafetensorsFile> {
    const handle = await openFile(path);
    try {
      const info = await handle.stat();
      const { json, dataStart } = await readHeader(handle, info.size, path);
      return new SafetensorsFile(
        path,
        handle,
        dataStart,
        parseHeader(json, info.size - dataStart, path),
      );
    } catch (error) {
      await handle.close();
      throw readError(path, error);
    }
  }

  /**
   * The tensor's stored bytes, little-endian.
   *
   * @throws KarstError `not-found` (no tensor of that name), `not-readable`, `file-damaged` (the file became shorter)
   */
  async readBytes(name: string): Promise<Uint8Array> {
    const tensor = this.#tensor(name);
    const bytes = new Uint8Array(tensor.end - tensor.begin);
    await this.#read(tensor, 0, bytes);
    return bytes;
  }

  /**
   * The tensor's values as float32, row-major. F16 and BF16 widen exactly; F64 and I64 round to the nearest.
   *
   * @throws KarstError as `readBytes`
   */
  async readFloat32(name: string): Promise<Float32Array> {
    const tensor = this.#tensor(name);
    const out = new Float32Array((tensor.end - tensor.begin) / bytesPerElement(tensor.dtype));
    if (tensor.dtype === 'F32') await this.#read(tensor, 0, new Uint8Array(out.buffer));
    else await this.#convert(tensor, out);
    return out;
  }

  /**
   * The first number of a float tensor that is NaN or infinite, found by its bits, piece by piece.
   *
   * @returns null if there is none, or the type has no such values
   * @throws KarstError as `readBytes`
   */
  async firstNotFinite(name: string): Promise<{ position: number; value: number } | null> {
    const tensor = this.#tensor(name);
    const size = bytesPerElement(tensor.dtype);
    const total = tensor.end - tensor.begin;
    for (let begin = 0; begin < total; begin += PIECE) {
      const bytes = new Uint8Array(Math.min(PIECE, total - begin));
      await this.#read(tensor, begin, bytes);
      const index = indexIn(tensor.dtype, bytes);
      if (index === -1) continue;
      const value = new Float32Array(1);
      widen(tensor.dtype, bytes.slice(index * size, (index + 1) * size), value);
      return { position: begin / size + index, value: value[0] ?? Number.NaN };
    }
    return null;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #tensor(name: string): TensorInfo {
    const tensor = this.tensors.get(name);
    if (tensor === undefined)
      throw new KarstError('not-found', `${this.path} holds no tensor named ${name}.`, {
        hint: 'Check that the file belongs to this model.',
        path: this.path,
      });
    return tensor;
  }

  async #convert(tensor: TensorInfo, out: Float32Array): Promise<void> {
    const size = bytesPerElement(tensor.dtype);
    const total = tensor.end - tensor.begin;
    for (let begin = 0; begin < total; begin += PIECE) {
      const bytes = new Uint8Array(Math.min(PIECE, total - begin));
      await this.#read(tensor, begin, bytes);
      const first = begin / size;
      widen(tensor.dtype, bytes, out.subarray(first, first + bytes.length / size));
    }
  }

  /** Fills `into` with the tensor's bytes from `from` on. */
  async #read(tensor: TensorInfo, from: number, into: Uint8Array): Promise<void> {
    const position = this.#dataStart + tensor.begin + from;
    let done = 0;
    while (done < into.byteLength) {
      const length = Math.min(into.byteLength - done, PIECE);
      let bytesRead: number;
      try {
        ({ bytesRead } = await this.#handle.read(into, done, length, position + done));
      } catch (error) {
        throw readError(this.path, error);
      }
      if (bytesRead === 0)
        throw new KarstError(
          'file-damaged',
          `${this.path} became shorter while it was read (tensor ${tensor.name}).`,
          { hint: 'Do not change the file while it is in use.', path: this.path },
        );
      done += bytesRead;
    }
  }
}

async function readHeader(
  handle: FileHandle,
  size: number,
  path: string,
): Promise<{ json: Uint8Array; dataStart: number }> {
  const damaged = (what: string) =>
    new KarstError('file-damaged', `${path} ${what}.`, {
      hint: 'Download or export the file again.',
      path,
    });
  const head = await readAt(handle, 0, Math.min(size, SNIFF));
  if (size === 0) throw damaged('is empty');
  const length = head.length < 9 ? null : Buffer.from(head.buffer, 0, 8).readBigUInt64LE();
  const looksRight = length !== null && head[8] === 0x7b && length <= BigInt(HEADER_LIMIT);
  if (!looksRight) {
    const tail = await readAt(handle, Math.max(0, size - SNIFF), Math.min(size, SNIFF));
    const foreign = foreignWeights(head, tail, path);
    if (foreign !== null) throw foreign;
  }
  if (length === null) throw damaged(`has only ${size} bytes, too few for a safetensors file`);
  if (head[8] !== 0x7b)
    throw new KarstError('format-unknown', `${path} is not a safetensors file.`, {
      hint: 'Use a file made by safetensors (usually named model.safetensors).',
      path,
    });
  if (length > BigInt(HEADER_LIMIT))
    throw damaged(
      `names a header of ${length} bytes; the format allows ${HEADER_LIMIT.toLocaleString('en')}`,
    );
  const dataStart = 8 + Number(length);
  if (dataStart > size)
    throw damaged(`is cut off: its header should have ${length} bytes, the file has ${size}`);
  return { json: await readAt(handle, 8, Number(length)), dataStart };
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
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
    case 'BF16': {
      const bits = new Uint16Array(buffer);
      const single = out instanceof Float32Array ? out : new Float32Array(bits.length);
      if (dtype === 'F16') halfToFloat32(bits, single);
      else bfloat16ToFloat32(bits, single);
      if (single !== out) out.set(single);
    }
  }
}

type TensorData = Float32Array | Float64Array | Uint8Array;

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  /**
   * Float arrays are converted to `dtype`, which must be a float type; a Uint8Array holds the stored bytes of any
   * type. A function is called when the tensor's turn comes, so that one tensor is in memory at a time.
   */
  readonly data: TensorData | (() => Promise<TensorData>);
}

/**
 * Writes a safetensors file as a whole or not at all, tensor by tensor. The same tensors and metadata give the
 * same bytes, whatever their order.
 *
 * @throws KarstError `not-writable`; `internal` when data do not fit their shape or a name is used twice
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const fault = (what: string) =>
    new KarstError('internal', `Cannot write ${path}: ${what}.`, {
      hint: 'This is a fault in KARST Studio: please report it with the log.',
      path,
    });
  const sorted = [...tensors].sort(storageOrder);
  const entries = sorted.map(({ name, dtype, shape }) => {
    const count = elementCount(shape);
    if (count === null || shape.some((n) => !Number.isInteger(n) || n < 0))
      throw fault(`the tensor ${name} has the shape [${shape.join(', ')}]`);
    if (name === '__metadata__' || name === '__proto__') throw fault(`${name} is no tensor's name`);
    return { name, dtype, shape, count, bytes: count * bytesPerElement(dtype) };
  });
  if (new Set(entries.map((entry) => entry.name)).size !== entries.length)
    throw fault('two tensors have the same name');

  await writeFileAtomic(path, async (append) => {
    await append(renderHeader(entries, metadata));
    for (const [i, entry] of entries.entries()) {
      const source = sorted[i]!.data;
      const data = typeof source === 'function' ? await source() : source;
      const expected = data instanceof Uint8Array ? entry.bytes : entry.count;
      if (data.length !== expected)
        throw fault(`the tensor ${entry.name} has ${data.length} elements instead of ${expected}`);
      if (data instanceof Uint8Array) await append(data);
      else if (!/^B?F\d/.test(entry.dtype))
        throw fault(`the tensor ${entry.name} of type ${entry.dtype} was given floats`);
      else await appendFloats(append, data, entry.dtype);
    }
  });
}

async function appendFloats(
  append: Append,
  data: Float32Array | Float64Array,
  dtype: TensorDtype,
): Promise<void> {
  const perPiece = PIECE / bytesPerElement(dtype);
  for (let first = 0; first < data.length; first += perPiece)
    await append(narrow(data.subarray(first, first + perPiece), dtype));
}

function narrow(values: Float32Array | Float64Array, dtype: TensorDtype): Uint8Array {
  if (dtype === 'F16' || dtype === 'BF16') {
    const bits = new Uint16Array(values.length);
    if (dtype === 'F16') toHalf(values, bits);
    else toBfloat16(values, bits);
    return new Uint8Array(bits.buffer);
  }
  const stored =
    dtype === 'F32'
      ? values instanceof Float32Array
        ? values
        : Float32Array.from(values)
      : values instanceof Float64Array
        ? values
        : Float64Array.from(values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/**
 * Every tensor of a small file (an adapter, a checkpoint) in float32, by name.
 *
 * @throws KarstError as `SafetensorsFile.open` and `readFloat32`
 */
export async function readAllFloat32(path: string): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(path);
  try {
    const tensors = new Map<string, Float32Array>();
    for (const name of file.tensors.keys()) tensors.set(name, await file.readFloat32(name));
    return tensors;
  } finally {
    await file.close();
  }
}
