import { KarstError } from '../../../shared/domain/errors.ts';
import { bytesPerElement, elementCount, type TensorDtype } from './elements.ts';
import { parseLiteral, LiteralError, type Literal } from './python-literal.ts';
import { denseStrides, type ArchivedTensor } from './strides.ts';
import type { ZipArchive, ZipEntry } from './zip.ts';

const ENDING = '.npy';
const MAGIC = '\u0093NUMPY';
/** Longest header with what precedes it: version 1 of the format has none longer, and none is needed. */
const HEADER_LIMIT = 65_546;
const MOST_AXES = 32;

/** NumPy's names of types; JAX stores bfloat16 as two bytes without a type. */
const DTYPES: Readonly<Record<string, TensorDtype>> = {
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '|V2': 'BF16',
  '<V2': 'BF16',
  '<i8': 'I64',
  '<i4': 'I32',
  '<i2': 'I16',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL',
};

/**
 * The arrays of an `.npz` archive by their names without `.npy` (numpy.lib.format, versions 1 to 3).
 * @throws KarstError `file-damaged`, `format-unsupported` naming the array
 */
export async function npzTensors(archive: ZipArchive): Promise<Map<string, ArchivedTensor>> {
  const tensors = new Map<string, ArchivedTensor>();
  for (const entry of archive.entries.values()) {
    const refuse: Refuse = (code, what) => refusal(code, archive.path, entry.name, what);
    if (!entry.name.endsWith(ENDING)) throw refuse('format-unsupported', 'is no array');
    const name = entry.name.slice(0, -ENDING.length);
    tensors.set(name, { name, entry, ...(await readArray(entry, refuse)) });
  }
  return tensors;
}

type Refuse = (code: 'file-damaged' | 'format-unsupported', what: string) => KarstError;

async function readArray(
  entry: ZipEntry,
  refuse: Refuse,
): Promise<Pick<ArchivedTensor, 'dtype' | 'shape' | 'begin' | 'strides'>> {
  const { text, begin } = await readHeader(entry, refuse);
  const header = parseHeader(text, refuse);
  const [descr, fortran, shape] = ['descr', 'fortran_order', 'shape'].map((key) => header.get(key));
  if (typeof fortran !== 'boolean')
    throw refuse('file-damaged', 'does not say the order of its axes');
  if (!isShape(shape)) throw refuse('file-damaged', 'has a shape that is not a tuple of sizes');
  const dtype = dtypeOf(descr, refuse);
  const count = elementCount(shape);
  const bytes = count === null ? null : elementCount([count, bytesPerElement(dtype)]);
  const shown = `${dtype} (${shape.join(', ')})`;
  if (bytes === null) throw refuse('file-damaged', `is ${shown}, which is too large to exist`);
  if (bytes !== entry.bytes - begin)
    throw refuse('file-damaged', `has ${entry.bytes - begin} bytes where ${shown} needs ${bytes}`);
  return { dtype, shape, begin, strides: denseStrides(shape, fortran) };
}

/** The text of the header and the first byte after it. */
async function readHeader(
  entry: ZipEntry,
  refuse: Refuse,
): Promise<{ text: string; begin: number }> {
  const head = Buffer.from(await entry.head(HEADER_LIMIT));
  const version = head[6] ?? 0;
  if (head.length < 12 || head.toString('latin1', 0, 6) !== MAGIC)
    throw refuse('file-damaged', 'has no header of NumPy');
  if (version < 1 || version > 3)
    throw refuse('format-unsupported', `has a header of version ${version}, which is not known`);
  const begin = version === 1 ? 10 : 12;
  const end = begin + (version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8));
  if (end > head.length) throw refuse('file-damaged', 'has a header that is longer than it may be');
  return { text: head.toString('utf8', begin, end), begin: end };
}

function parseHeader(text: string, refuse: Refuse): ReadonlyMap<string, Literal> {
  try {
    const header = parseLiteral(text);
    if (header instanceof Map) return header as ReadonlyMap<string, Literal>;
  } catch (error) {
    if (!(error instanceof LiteralError)) throw error;
    throw refuse('file-damaged', `has a header that ${error.message}`);
  }
  throw refuse('file-damaged', 'has a header that is no dictionary');
}

function isShape(value: Literal | undefined): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length <= MOST_AXES &&
    value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
  );
}

function dtypeOf(descr: Literal | undefined, refuse: Refuse): TensorDtype {
  const name = typeof descr === 'string' ? descr : 'a record';
  const dtype = Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
  if (dtype !== undefined) return dtype;
  throw refuse(
    'format-unsupported',
    name === '|O'
      ? 'holds Python objects, which can run any program when they are read'
      : `holds numbers of the type ${name.slice(0, 40)}, which is not supported`,
  );
}

function refusal(
  code: 'file-damaged' | 'format-unsupported',
  path: string,
  entry: string,
  what: string,
): KarstError {
  return new KarstError(code, `${path}: the entry ${entry.slice(0, 200)} ${what}.`, {
    hint:
      code === 'file-damaged'
        ? 'Download or export the file again.'
        : 'Save only arrays of float32 with numpy.savez.',
    path,
  });
}
