import { KarstError } from '../../../shared/domain/errors.ts';
import type { Assumed, Provenance } from '../../../shared/domain/backbone.ts';
import type { TensorSpec } from '../../../shared/models/spec.ts';
import type { TensorDtype } from '../containers/elements.ts';
import type { Preprocessor } from './backbone-preprocessing.ts';
import type { ModelConfig } from './configs/model-config.ts';
import type { Said } from '../../../shared/domain/said.ts';

/** Names, data types and shapes of tensors. */
export type TensorTable = ReadonlyMap<
  string,
  { readonly dtype: TensorDtype; readonly shape: readonly number[] }
>;

/** Information about a checkpoint beside its tensors. */
export interface CheckpointSources {
  /** What the user says of it. */
  readonly option?: Said;
  /** The library's configuration beside the file. */
  readonly config?: ModelConfig | null;
  /** timm's from the file's own metadata. */
  readonly metadata?: ModelConfig | null;
  /** Hugging Face's `preprocessor_config.json` beside the file. */
  readonly preprocessor?: Preprocessor | null;
}

/** What a checkpoint's tensors and configuration determine. */
export interface Recognised<A> {
  readonly architecture: A;
  readonly headsFrom: Provenance;
  /** What weights do not tell, with who said it. */
  readonly assumed: readonly Assumed[];
}

export const STORED_DTYPES = ['F32', 'F16', 'BF16'] as const;
export type StoredDtype = (typeof STORED_DTYPES)[number];

/** The hint on supported files. */
const TAKEN =
  'Use the weights of a ViT, DeiT, DINOv2, DINOv3, CLIP, SigLIP, EVA-02, Perception Encoder or Swin from timm, Hugging Face or open_clip.';

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

/** @param name as the file has it */
export function refuseDtype(path: string, name: string, dtype: TensorDtype): KarstError {
  return refuse(
    'format-unsupported',
    path,
    `the tensor ${name} is stored as ${dtype}; F32, F16 and BF16 are supported.`,
    'Save the weights again as float32, in Python: save_file({n: t.float() for n, t in state_dict.items()}, "model.safetensors").',
  );
}

/**
 * Compares every tensor with what the architecture needs: none missing, none unexpected, shapes equal, F32, F16 or BF16
 * throughout.
 * @param called what the file calls a canonical tensor
 * @throws file-damaged, format-unsupported with the tensor, the expected and the found shape
 */
export function checkTensors(
  path: string,
  tensors: TensorTable,
  specs: readonly TensorSpec[],
  called: (name: string) => string,
): void {
  for (const { name, shape } of specs) {
    const found = tensors.get(name);
    if (found === undefined)
      throw refuse(
        'file-damaged',
        path,
        `the tensor ${called(name)} of shape (${shape.join(', ')}) is missing.`,
        'Use a fresh copy of the backbone.',
      );
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i]))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${called(name)} has the shape (${found.shape.join(', ')}), expected (${shape.join(', ')}).`,
      );
    if (!STORED_DTYPES.some((d) => d === found.dtype))
      throw refuseDtype(path, called(name), found.dtype);
  }
  const expected = new Set(specs.map(({ name }) => name));
  for (const name of tensors.keys())
    if (!expected.has(name))
      throw refuse(
        'format-unsupported',
        path,
        `the tensor ${called(name)} does not belong to a network of its shape.`,
      );
}
