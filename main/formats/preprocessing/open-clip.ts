import * as v from 'valibot';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { CLIP, type Triple } from './constants.ts';
import { byte, level, spread } from './fields.ts';
import { unsupportedPreprocessing } from './refusal.ts';

/** Which side open_clip resizes, by our names. */
const MODES = { shortest: 'center', longest: 'border', squash: 'squash' } as const;

const schema = v.object({
  mode: v.optional(v.literal('RGB')),
  mean: v.optional(v.union([level, v.tuple([level, level, level])])),
  std: v.optional(v.union([spread, v.tuple([spread, spread, spread])])),
  // For an evaluation open_clip takes "random" for bicubic.
  interpolation: v.optional(v.picklist(['bicubic', 'bilinear', 'random'])),
  resize_mode: v.optional(v.picklist(['shortest', 'longest', 'squash'])),
  fill_color: v.optional(v.union([byte, v.tuple([byte, byte, byte])])),
});

/**
 * `preprocess_cfg` of `open_clip_config.json`, with open_clip's defaults for what it does not say.
 * Its `size` is not read: open_clip takes the network's.
 * @throws format-unsupported naming the key
 */
export function readPreprocessCfg(value: unknown, path: string): Omit<Preprocessing, 'imageSize'> {
  const outcome = v.safeParse(schema, value ?? {});
  if (!outcome.success) {
    const [issue] = outcome.issues;
    const key = v.getDotPath(issue);
    throw unsupportedPreprocessing(
      path,
      `its preprocess_cfg is not supported: ${key === null ? '' : `"${key}": `}${issue.message}`,
    );
  }
  const { mean, std, interpolation, resize_mode: mode, fill_color: fill = 0 } = outcome.output;
  const three = (x: number | Triple): Triple => (typeof x === 'number' ? [x, x, x] : x);
  const cropMode = MODES[mode ?? 'shortest'];
  return {
    interpolation: interpolation === 'bilinear' ? 'bilinear' : 'bicubic',
    cropFraction: 1,
    cropMode,
    mean: three(mean ?? CLIP.mean),
    std: three(std ?? CLIP.std),
    ...(cropMode === 'border' ? { borderColour: three(fill) } : {}),
  };
}
