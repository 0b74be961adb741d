import type { FileHandle } from 'node:fs/promises';
import { KarstError } from '../../shared/domain/errors.ts';
import { type Append, openFile, readError, writeFileAtomic } from './files.ts';
import { type TensorContainer, tensorOf } from './containers/container.ts';
import {
  bytesPerElement,
  elementCount,
  firstNotFiniteElement,
  type NotFinite,
  readElements,
  type TensorDtype,
} from './containers/elements.ts';
import { PIECE, type ReadAt, readerOf } from './containers/reader.ts';
import { toBfloat16, toHalf } from './float16.ts';
import { foreignWeights } from './foreign-weights.ts';
import {
  HEADER_LIMIT,
  parseHeader,
  renderHeader,
  storageOrder,
  type TensorInfo,
} from './safetensors-header.ts';

export type { TensorDtype } from './containers/elements.ts';
export type { TensorInfo } from './safetensors-header.ts';

const SNIFF = 65536;

/** A safetensors file, open for reading. */
export class SafetensorsFile implements TensorContainer {
  readonly format = 'safetensors';
  readonly path: string;
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #handle: FileHandle;
  readonly #dataStart: number;
  readonly #read: ReadAt;

  private constructor(
    path: string,
    handle: FileHandle,
    dataStart: number,
    header: Pick<SafetensorsFile, 'tensors' | 'metadata'>,
  ) {
    this.path = path;
    this.files = [path];
    this.#handle = handle;
    this.#read = readerOf(handle, path);
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
    await this.#read(this.#dataStart + tensor.begin, bytes);
    return bytes;
  }

  async readFloat32(name: string): Promise<Float32Array> {
    const { dtype, begin, end } = this.#tensor(name);
    const count = (end - begin) / bytesPerElement(dtype);
    return readElements(this.#read, dtype, this.#dataStart + begin, count);
  }

  async firstNotFinite(name: string): Promise<NotFinite | null> {
    const { dtype, begin, end } = this.#tensor(name);
    const count = (end - begin) / bytesPerElement(dtype);
    return firstNotFiniteElement(this.#read, dtype, this.#dataStart + begin, count);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #tensor(name: string): TensorInfo {
    return tensorOf(this.path, this.tensors, name);
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
    const foreign = foreignWeights(head, path);
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
