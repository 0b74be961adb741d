import { bytesPerElement, elementCount, type TensorDtype } from './elements.ts';
import { PickleError, PickleGlobal, PickleObject, type PickleValue } from './pickle.ts';
import type { ArchivedTensor } from './strides.ts';
import type { ZipArchive, ZipEntry } from './zip.ts';

const MOST_AXES = 32;

const STORAGES: Readonly<Record<string, TensorDtype>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

/** Numbers of one type in an entry of the archive, of which tensors are views. */
class Storage extends PickleObject {
  readonly dtype: TensorDtype;
  readonly entry: ZipEntry;
  readonly elements: number;

  constructor(dtype: TensorDtype, entry: ZipEntry, elements: number) {
    super();
    this.dtype = dtype;
    this.entry = entry;
    this.elements = elements;
  }
}

/** A view of a storage that lies within it. */
export class TorchTensor extends PickleObject {
  readonly place: Omit<ArchivedTensor, 'name'>;

  constructor(place: TorchTensor['place']) {
    super();
    this.place = place;
  }
}

/** Everything that a pickle may name; each builds what is said here, and nothing else. */
export const TORCH_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map(
  [
    new PickleGlobal('collections.OrderedDict', buildDictionary),
    new PickleGlobal('torch._utils._rebuild_tensor_v2', buildTensor),
    new PickleGlobal('torch._utils._rebuild_parameter', ([tensor]) => {
      if (tensor instanceof TorchTensor) return tensor;
      throw new PickleError('makes a parameter of something that is no tensor');
    }),
    ...Object.keys(STORAGES).map((name) => new PickleGlobal(`torch.${name}`, null)),
  ].map((known) => [known.name, known]),
);

function buildDictionary(args: readonly PickleValue[]): PickleValue {
  if (args.length > 0) throw new PickleError('makes a dictionary in a way that is not read');
  return new Map();
}

/**
 * `('storage', type, key, location, elements)`: the numbers are in the entry `data/KEY`.
 * @throws PickleError
 */
export function storageOf(
  id: PickleValue,
  root: string,
  entries: ZipArchive['entries'],
): PickleValue {
  const [kind, type, key, , elements] = Array.isArray(id) ? id : [];
  const dtype =
    type instanceof PickleGlobal ? STORAGES[type.name.slice('torch.'.length)] : undefined;
  if (kind !== 'storage' || dtype === undefined || typeof key !== 'string' || !isSize(elements))
    throw new PickleError('refers to numbers in a way that is not read');
  const entry = entries.get(`${root}data/${key}`);
  if (entry === undefined)
    throw new PickleError(`refers to numbers that are missing (data/${key})`);
  const bytes = elementCount([elements, bytesPerElement(dtype)]);
  if (bytes !== entry.bytes)
    throw new PickleError(
      `says that data/${key} has ${elements} numbers of ${dtype}, but it has ${entry.bytes} bytes`,
    );
  return new Storage(dtype, entry, elements);
}

/** `_rebuild_tensor_v2(storage, offset, shape, strides, …)` */
function buildTensor(args: readonly PickleValue[]): PickleValue {
  const [storage, offset, shape, strides] = args;
  if (
    !(storage instanceof Storage) ||
    !isSize(offset) ||
    !isSizes(shape) ||
    !isSizes(strides) ||
    shape.length !== strides.length
  )
    throw new PickleError('describes a tensor in a way that is not read');
  const { dtype, entry, elements } = storage;
  const count = elementCount(shape);
  const shown = `(${shape.join(', ')})`;
  if (count === null) throw new PickleError(`has a tensor ${shown}, which is too large to exist`);
  // Products that are not exact are far beyond any storage.
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
  if (count > 0 && last >= elements)
    throw new PickleError(
      `has a tensor ${shown} that reaches beyond its ${elements} stored numbers`,
    );
  if (count > elements)
    throw new PickleError(`has a tensor ${shown} of which ${elements} numbers are stored`);
  return new TorchTensor({
    dtype,
    shape: [...shape],
    strides: [...strides],
    entry,
    begin: offset * bytesPerElement(dtype),
  });
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= MOST_AXES && value.every(isSize);
}
