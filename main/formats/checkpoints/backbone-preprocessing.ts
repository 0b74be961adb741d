import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Provenance } from '../../../shared/domain/backbone.ts';
import type { TimmConfig } from './timm-config.ts';

/** timm's defaults for a ViT of the augreg family. */
export const DEFAULT_PREPROCESSING = {
  interpolation: 'bicubic',
  cropFraction: 0.9,
  cropMode: 'center',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
} as const;

/** `preprocessor_config.json` beside the weights. */
export interface Preprocessor {
  readonly path: string;
  readonly preprocessing: Preprocessing;
}

/** Sources of a backbone's preprocessing. */
export interface PreprocessingSources {
  /** From timm's `config.json` or the file's metadata; null if neither has it. */
  readonly timm: { readonly said: Partial<Preprocessing>; readonly from: Provenance } | null;
  readonly preprocessor: Preprocessor | null;
  /** Image size of the position embeddings. */
  readonly imageSize: number;
}

/** What does not follow from the weights. */
const KEYS = ['interpolation', 'cropFraction', 'cropMode', 'mean', 'std'] as const;

export function isComplete(said: Partial<Preprocessing>): boolean {
  return KEYS.every((key) => said[key] !== undefined);
}

/**
 * How images are prepared: by timm's word, where it has none by `preprocessor_config.json`, else by the defaults.
 * @throws format-unsupported where the two say different things, or the latter is for images of another size
 */
export function settlePreprocessing({ timm, preprocessor, imageSize }: PreprocessingSources): {
  preprocessing: Preprocessing;
  preprocessingFrom: Provenance;
} {
  const said = timm?.said ?? {};
  if (preprocessor === null)
    return {
      // The position embeddings determine the size; another input_size belongs to another
      // checkpoint.
      preprocessing: { ...DEFAULT_PREPROCESSING, ...said, imageSize },
      preprocessingFrom: timm?.from ?? 'default',
    };
  const { path, preprocessing: other } = preprocessor;
  if (other.imageSize !== imageSize)
    throw contradiction(
      path,
      `it prepares images of ${other.imageSize} pixels, and the position embeddings of the weights are for ${imageSize}`,
    );
  for (const key of KEYS)
    if (said[key] !== undefined && !agree(key, said, other))
      throw contradiction(
        path,
        `its ${key} is ${String(other[key])}, and that of ${timm?.from === 'metadata' ? 'the metadata of the weights' : 'config.json'} is ${String(said[key])}`,
      );
  const from = timm !== null && isComplete(said) ? timm.from : 'preprocessor_config.json';
  return { preprocessing: { ...other, ...said, imageSize }, preprocessingFrom: from };
}

function agree(
  key: (typeof KEYS)[number],
  said: Partial<Preprocessing>,
  other: Preprocessing,
): boolean {
  const [a, b] = [said[key], other[key]];
  // Crop fractions are equal if they give the same resized size.
  if (key === 'cropFraction')
    return (
      Math.floor(other.imageSize / Number(a)) === Math.floor(other.imageSize / Number(b)) ||
      other.cropMode === 'squash'
    );
  if (Array.isArray(a) && Array.isArray(b))
    return a.every((value, i) => Math.abs(Number(value) - Number(b[i])) < 1e-6);
  return a === b;
}

function contradiction(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}.`, {
    hint: 'Correct the wrong one, or remove preprocessor_config.json.',
    path,
  });
}

/** timm's preprocessing: from its `config.json`, else the file's metadata. */
export function timmPreprocessing({
  config,
  metadata,
}: {
  readonly config?: TimmConfig | null;
  readonly metadata?: TimmConfig | null;
}): PreprocessingSources['timm'] {
  if (config?.preprocessing) return { said: config.preprocessing, from: 'config.json' };
  return metadata?.preprocessing ? { said: metadata.preprocessing, from: 'metadata' } : null;
}
