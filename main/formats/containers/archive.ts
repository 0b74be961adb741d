import type { ContainerFormat } from '../../../shared/domain/backbone.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { type TensorContainer, tensorOf } from './container.ts';
import {
  elementCount,
  firstNotFiniteElement,
  indexNotFinite,
  type NotFinite,
  readElements,
} from './elements.ts';
import { npzTensors } from './npz.ts';
import { isRowMajor, rowMajor, type ArchivedTensor } from './strides.ts';
import { torchTensors } from './torch.ts';
import { ZipArchive } from './zip.ts';

/** An `.npz` of NumPy or a checkpoint of PyTorch: tensors that are entries of a zip, or in entries. */
class ArchivedTensors implements TensorContainer {
  readonly format: ContainerFormat;
  readonly path: string;
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, ArchivedTensor>;
  readonly metadata: ReadonlyMap<string, string> = new Map();
  readonly #archive: ZipArchive;

  constructor(
    format: ContainerFormat,
    archive: ZipArchive,
    tensors: ReadonlyMap<string, ArchivedTensor>,
  ) {
    this.format = format;
    this.path = archive.path;
    this.files = [archive.path];
    this.tensors = tensors;
    this.#archive = archive;
  }

  async readFloat32(name: string): Promise<Float32Array> {
    const { entry, dtype, begin, shape, strides } = tensorOf(this.path, this.tensors, name);
    const read = await entry.open();
    const count = elementCount(shape) ?? 0;
    if (count === 0 || isRowMajor(shape, strides)) return readElements(read, dtype, begin, count);
    const span = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), 1);
    return rowMajor(await readElements(read, dtype, begin, span), shape, strides);
  }

  async firstNotFinite(name: string): Promise<NotFinite | null> {
    const { entry, dtype, begin, shape, strides } = tensorOf(this.path, this.tensors, name);
    if (isRowMajor(shape, strides))
      return firstNotFiniteElement(await entry.open(), dtype, begin, elementCount(shape) ?? 0);
    const values = await this.readFloat32(name);
    const position = indexNotFinite(values);
    return position < 0 ? null : { position, value: values[position] ?? Number.NaN };
  }

  async close(): Promise<void> {
    await this.#archive.close();
  }
}

/** Opens a zip with tensors. @throws KarstError as `openContainer` */
export async function openArchive(path: string): Promise<TensorContainer> {
  const archive = await ZipArchive.open(path);
  try {
    const names = [...archive.entries.keys()];
    const pickles = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    const [pickle] = pickles;
    if (pickle !== undefined && pickles.length === 1)
      return new ArchivedTensors('torch', archive, await torchTensors(archive, pickle));
    if (names.some((name) => name.endsWith('.npy')))
      return new ArchivedTensors('npz', archive, await npzTensors(archive));
    if (names.some((name) => /^[^/]+\/adapter_config\.json$/.test(name)))
      throw new KarstError('format-unsupported', `${path} is an adapter, not a backbone.`, {
        hint: 'Import adapters with `karst adapter import`.',
        path,
      });
    throw new KarstError(
      'format-unsupported',
      `${path} is a zip archive without weights that are recognized.`,
      { hint: 'Unpack it and name the file with the weights inside.', path },
    );
  } catch (error) {
    await archive.close();
    throw error;
  }
}
