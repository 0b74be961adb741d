import { resizedSide, type Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Provenance } from '../../../shared/domain/backbone.ts';
import { TIMM_DEFAULTS } from '../preprocessing/timm.ts';

/** `preprocessor_config.json` beside the weights. */
export interface Preprocessor {
  readonly path: string;
  readonly preprocessing: Preprocessing;
}

/** Sources of a backbone's preprocessing. */
export interface PreprocessingSources {
  /** From timm's `config.json` or the file's metadata; null if neither has it. */
  readonly timm: { readonly said: Partial<Preprocessing>; readonly from: Provenance } | null;
  /** From `open_clip_config.json`; null if there is none. */
  readonly openClip: Omit<Preprocessing, 'imageSize'> | null;
  readonly preprocessor: Preprocessor | null;
}

/** What the network and its library say of it. */
export interface PreparedNetwork {
  /** Of the position embeddings. */
  readonly imageSize: number;
  /** Whether it takes images of a size. */
  readonly fits: (side: number) => boolean;
  /**
   * Whether its library takes images of other sizes without being told to, so that files name a
   * size of their own.
   */
  readonly anySize: boolean;
  /** What is assumed where no file says it. */
  readonly assumed: Omit<Preprocessing, 'imageSize'>;
}

/** What does not follow from the weights. */
const KEYS = ['interpolation', 'cropFraction', 'cropMode', 'mean', 'std'] as const;

function isComplete(said: Partial<Preprocessing>): boolean {
  return KEYS.every((key) => said[key] !== undefined);
}

/**
 * How images are prepared: by timm's or open_clip's word, where they have none by
 * `preprocessor_config.json`, else as assumed.
 * @throws format-unsupported where two say different things, or the last is for images of a size
 * that the network does not take
 */
export function settlePreprocessing(
  { timm, openClip, preprocessor }: PreprocessingSources,
  { imageSize, fits, anySize, assumed }: PreparedNetwork,
): { preprocessing: Preprocessing; preprocessingFrom: Provenance } {
  const said = timm?.said ?? openClip ?? {};
  const rest = timm === null ? (openClip ?? assumed) : TIMM_DEFAULTS;
  const saidFrom = timm?.from ?? (openClip === null ? 'default' : 'open_clip_config.json');
  if (preprocessor === null)
    return {
      // The position embeddings determine the size; another input_size belongs to another
      // checkpoint.
      preprocessing: { ...rest, ...said, imageSize },
      preprocessingFrom: saidFrom,
    };
  const { path, preprocessing: other } = preprocessor;
  if (other.imageSize !== imageSize && !(anySize && fits(other.imageSize)))
    throw contradiction(
      path,
      `it prepares images of ${other.imageSize} pixels, and the weights are for images of ${imageSize}`,
    );
  for (const key of KEYS)
    if (said[key] !== undefined && !agree(key, said, other))
      throw contradiction(
        path,
        `its ${key} is ${String(other[key])}, and that of ${saidFrom === 'metadata' ? 'the metadata of the weights' : saidFrom} is ${String(said[key])}`,
      );
  return {
    // Beside timm's word the file adds what that cannot say; open_clip's says everything.
    preprocessing: { ...(openClip ?? { ...other, ...said }), imageSize: other.imageSize },
    preprocessingFrom: isComplete(said) ? saidFrom : 'preprocessor_config.json',
  };
}

function agree(
  key: (typeof KEYS)[number],
  said: Partial<Preprocessing>,
  other: Preprocessing,
): boolean {
  const [a, b] = [said[key], other[key]];
  // Crop fractions are equal if they give the same resized size.
  if (key === 'cropFraction')
    return resizedSide({ ...other, cropFraction: Number(a) }) === resizedSide(other);
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
