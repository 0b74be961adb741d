import protobuf from 'protobufjs';
import { writeFileAtomic } from './files.ts';
import { DATA_TYPE } from './saved-model.ts';

/**
 * Writes TensorFlow's checkpoint format V2, a "tensor bundle": `PREFIX.data-00000-of-00001` holds
 * the values, `PREFIX.index` is a sorted table of LevelDB's form that says where each lies
 * (tensorflow/core/util/tensor_bundle, tensorflow/core/lib/io/table_format.txt).
 */
export interface BundledTensor {
  readonly shape: readonly number[];
  /** Float32; rounded from float64. */
  readonly values: Float32Array | Float64Array;
}

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Version { int32 producer = 1; }
  message Header { int32 num_shards = 1; Version version = 3; }
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message Entry {
    int32 dtype = 1;
    Shape shape = 2;
    int64 offset = 4;
    int64 size = 5;
    fixed32 crc32c = 6;
  }
`);

/** @param prefix path that the names of both files begin with */
export async function writeTensorBundle(
  prefix: string,
  tensors: ReadonlyMap<string, BundledTensor>,
): Promise<void> {
  const entries: [key: string, value: Uint8Array][] = [
    ['', encoded('Header', { numShards: 1, version: { producer: 1 } })],
  ];
  await writeFileAtomic(`${prefix}.data-00000-of-00001`, async (append) => {
    let offset = 0;
    // The table is sorted by the bytes of its keys.
    for (const name of [...tensors.keys()].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    )) {
      const { shape, values } = tensors.get(name)!;
      const floats = values instanceof Float32Array ? values : Float32Array.from(values);
      const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
      entries.push([
        name,
        encoded('Entry', {
          dtype: DATA_TYPE.float32,
          shape: { dim: shape.map((size) => ({ size })) },
          ...{ offset, size: bytes.length, crc32c: masked(crc32c(bytes)) },
        }),
      ]);
      await append(bytes);
      offset += bytes.length;
    }
  });
  await writeFileAtomic(`${prefix}.index`, table(entries));
}

function encoded(type: string, message: object): Uint8Array {
  const found = root.lookupType(type);
  return found.encode(found.fromObject(message)).finish();
}

/** The last eight bytes of a table. */
const MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);
const FOOTER = 48;

/** A table of one data block: the entries of a model are some hundred, of a few dozen bytes each. */
function table(entries: readonly [key: string, value: Uint8Array][]): Uint8Array {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const place = (content: Uint8Array): Uint8Array => {
    const trailer = Buffer.alloc(5);
    // No compression; the checksum covers that byte, too.
    trailer.writeUInt32LE(masked(crc32c(Uint8Array.of(0), crc32c(content))), 1);
    const handle = Buffer.concat([varint(offset), varint(content.length)]);
    chunks.push(content, trailer);
    offset += content.length + trailer.length;
    return handle;
  };
  const data = place(block(entries));
  const meta = place(block([]));
  const [last = ''] = entries.at(-1) ?? [];
  const index = place(block([[last, data]]));
  const footer = Buffer.alloc(FOOTER);
  footer.set(Buffer.concat([meta, index]));
  footer.set(MAGIC, FOOTER - MAGIC.length);
  return Buffer.concat([...chunks, footer]);
}

/** Every key whole, as if each began a restart, of which one is named: readers search from there. */
function block(entries: readonly [key: string, value: Uint8Array][]): Uint8Array {
  const parts = entries.flatMap(([key, value]) => {
    const bytes = Buffer.from(key);
    return [varint(0), varint(bytes.length), varint(value.length), bytes, value];
  });
  const restarts = Buffer.alloc(8);
  restarts.writeUInt32LE(1, 4);
  return Buffer.concat([...parts, restarts]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

const POLYNOMIAL = 0x82f63b78;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** Castagnoli's checksum. @param before that of the bytes before these */
function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

/** As TensorFlow stores checksums, so that one of data that holds checksums is not weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
