import type { ContainerFormat } from '../../../shared/domain/backbone.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { NotFinite, TensorDtype } from './elements.ts';

export interface ContainerTensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
}

/**
 * Tensors in one or several files, open for reading. What the files say about them is checked as a
 * whole on opening; numbers are read tensor by tensor, so that files larger than memory can be used.
 */
export interface TensorContainer {
  readonly format: ContainerFormat;
  /** The path that was opened. */
  readonly path: string;
  /** The files with the numbers: shards in the order of their names, or the one file. */
  readonly files: readonly string[];
  /** By the names that the files use. */
  readonly tensors: ReadonlyMap<string, ContainerTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /**
   * The values in row-major order. F16 and BF16 widen exactly; F64 and I64 round to the nearest.
   * @throws KarstError `not-found` (no tensor of that name), `not-readable`, `file-damaged`
   */
  readFloat32(name: string): Promise<Float32Array>;
  /**
   * The first number, in row-major order, that is NaN or infinite; null if there is none.
   * @throws KarstError as `readFloat32`
   */
  firstNotFinite(name: string): Promise<NotFinite | null>;
  close(): Promise<void>;
}

/** The tensor of that name. @throws KarstError `not-found` */
export function tensorOf<T>(path: string, tensors: ReadonlyMap<string, T>, name: string): T {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw new KarstError('not-found', `${path} holds no tensor named ${name}.`, {
      hint: 'Check that the file belongs to this model.',
      path,
    });
  return tensor;
}
