import { KarstError } from '../../../shared/domain/errors.ts';
import type { Provenance } from '../../../shared/domain/backbone.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import type { Preprocessor } from './backbone-preprocessing.ts';
import type { TimmBuild, TimmConfig } from './timm-config.ts';

/** Names, data types and shapes of a file's tensors, as `SafetensorsFile.tensors` has them. */
export type TensorTable = ReadonlyMap<
  string,
  { readonly dtype: string; readonly shape: readonly number[] }
>;

/** Information about a checkpoint beside its tensors. */
export interface CheckpointSources {
  /** Number of heads given by the user. */
  readonly heads?: number | undefined;
  /** timm's `config.json` beside the file. */
  readonly config?: TimmConfig | null;
  /** The same from the file's own metadata. */
  readonly metadata?: TimmConfig | null;
  /** Hugging Face's `preprocessor_config.json` beside the file. */
  readonly preprocessor?: Preprocessor | null;
}

/** What a checkpoint's tensors and configuration determine. */
export interface Recognised<A extends Architecture> {
  readonly architecture: A;
  readonly headsFrom: Provenance;
  /** timm's name of the model; null if unknown or another model's. */
  readonly timmName: string | null;
}

/** The checkpoints of one family of backbones, under timm's names. */
export interface CheckpointFamily<A extends Architecture> {
  /** A tensor that every checkpoint of the family has exactly once. */
  readonly anchor: string;
  /**
   * Recognises a network by names and shapes; what these do not tell comes from `sources`, in the order option, config,
   * metadata, default.
   * @throws format-unknown, format-unsupported, heads-unknown with a sentence that names the tensor
   */
  readonly recognise: (
    path: string,
    tensors: TensorTable,
    sources: CheckpointSources,
  ) => Recognised<A>;
  readonly timmBuild: (a: A) => TimmBuild;
}

export const STORED_DTYPES = ['F32', 'F16', 'BF16'] as const;
export type StoredDtype = (typeof STORED_DTYPES)[number];

/** The hint on supported files. */
const TAKEN =
  'Use the safetensors file of a plain timm vision transformer, such as vit_base_patch16_224.';

export function refuse(
  code: 'format-unsupported' | 'format-unknown' | 'file-damaged' | 'heads-unknown',
  path: string,
  sentence: string,
  hint = TAKEN,
  option?: string,
): KarstError {
  const named = option === undefined ? {} : { option };
  return new KarstError(code, `${path}: ${sentence}`, { hint, path, ...named });
}

/**
 * Compares every tensor with what the architecture needs: none missing, none unexpected, shapes equal, F32, F16 or BF16
 * throughout.
 * @throws file-damaged, format-unsupported with the tensor, the expected and the found shape
 */
export function checkTensors(
  path: string,
  tensors: TensorTable,
  specs: readonly TensorSpec[],
  title: string,
): void {
  for (const { name, shape } of specs) {
    const found = tensors.get(name);
    if (found === undefined)
      throw refuse(
        'file-damaged',
        path,
        `the tensor ${name} of shape (${shape.join(', ')}) is missing.`,
        'Use a fresh copy of the backbone.',
      );
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i]))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${name} has the shape (${found.shape.join(', ')}), expected (${shape.join(', ')}).`,
      );
    if (!STORED_DTYPES.some((d) => d === found.dtype))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${name} is stored as ${found.dtype}; F32, F16 and BF16 are supported.`,
      );
  }
  const expected = new Set(specs.map(({ name }) => name));
  for (const name of tensors.keys())
    if (!expected.has(name))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${name} does not belong to a plain timm ${title}.`,
      );
}
