import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openContainer } from '../../../../main/formats/containers/open.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { zipOf } from '../../../fixtures/zip.ts';

export const FIXTURES = join(import.meta.dirname, '../../../fixtures/containers');

export interface Opened {
  readonly shapes: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, readonly number[]>>;
}

/** Everything that a container holds. */
export async function contentOf(path: string): Promise<Opened> {
  const container = await openContainer(path);
  try {
    const shapes: Record<string, string> = {};
    const values: Record<string, number[]> = {};
    for (const [name, { dtype, shape }] of container.tensors) {
      shapes[name] = `${dtype} ${shape.join('x')}`;
      values[name] = [...(await container.readFloat32(name))];
    }
    return { shapes, values };
  } finally {
    await container.close();
  }
}

/** Writes a file and gives the error of opening it and reading all of it. */
export async function refusalOf(folder: string, bytes: Uint8Array): Promise<KarstError> {
  const path = join(folder, 'weights');
  writeFileSync(path, bytes);
  const error = await contentOf(path).catch((thrown: unknown) => thrown);
  if (error instanceof KarstError) return error;
  throw new Error('expected to be refused', { cause: error });
}

/** The pieces of a pickle of protocol 2. */
export const pickle = {
  start: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  dict: Buffer.from('}'),
  list: Buffer.from(']'),
  tuple: Buffer.from('t'),
  reduce: Buffer.from('R'),
  persistent: Buffer.from('Q'),
  setItem: Buffer.from('s'),
  setItems: Buffer.from('u'),
  put: (index: number) => Buffer.from([0x71, index]),
  get: (index: number) => Buffer.from([0x68, index]),
  text: (text: string) => {
    const bytes = Buffer.from(text);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from('X'), size, bytes]);
  },
  /** As 8 bytes, so that all safe integers fit. */
  int: (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return Buffer.concat([Buffer.from([0x8a, 8]), bytes]);
  },
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  sizes: (...sizes: number[]) =>
    Buffer.concat([pickle.mark, ...sizes.map((size) => pickle.int(size)), pickle.tuple]),
};

export interface TensorParts {
  readonly key?: string;
  readonly type?: string;
  readonly elements?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** A tensor as PyTorch pickles it; by default a vector of 4 float32 in `data/0`. */
export function tensor(parts: TensorParts = {}): Buffer {
  const { key = '0', type = 'FloatStorage', elements = 4 } = parts;
  const { offset = 0, shape = [4], strides = [1] } = parts;
  return Buffer.concat([
    pickle.global('torch._utils', '_rebuild_tensor_v2'),
    pickle.mark,
    pickle.mark,
    pickle.text('storage'),
    pickle.global('torch', type),
    pickle.text(key),
    pickle.text('cpu'),
    pickle.int(elements),
    pickle.tuple,
    pickle.persistent,
    pickle.int(offset),
    pickle.sizes(...shape),
    pickle.sizes(...strides),
    pickle.tuple,
    pickle.reduce,
  ]);
}

/** `{'a': …}` around the pieces. */
export function dictionary(...value: readonly Buffer[]): Buffer {
  return Buffer.concat([
    pickle.start,
    pickle.dict,
    pickle.text('a'),
    ...value,
    pickle.setItem,
    pickle.stop,
  ]);
}

/** A checkpoint with this pickle and 16 bytes of numbers in `data/0`. */
export function checkpoint(content: Buffer, others: Parameters<typeof zipOf>[0] = []): Buffer {
  return zipOf([
    { name: 'weights/data.pkl', data: content },
    { name: 'weights/byteorder', data: Buffer.from('little') },
    { name: 'weights/data/0', data: Buffer.from(new Float32Array([1, 2, 3, 4]).buffer) },
    ...others,
  ]);
}
