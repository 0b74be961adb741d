import * as v from 'valibot';
import type { ExportNote } from '../../../shared/domain/export-words.ts';
import { FILTERS, resizedSide, type Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { IMAGENET } from './constants.ts';
import { level, spread } from './fields.ts';
import { unsupportedPreprocessing } from './refusal.ts';

/** timm's `pretrained_cfg`: what its evaluation transform is made of. */

const real = v.pipe(v.number(), v.finite());

export const pretrainedCfgSchema = v.object({
  input_size: v.optional(v.tuple([real, real, real])),
  interpolation: v.optional(v.string()),
  crop_pct: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1))),
  crop_mode: v.optional(v.string()),
  mean: v.optional(v.tuple([level, level, level])),
  std: v.optional(v.tuple([spread, spread, spread])),
});

/** What timm takes for what a `pretrained_cfg` does not say (timm/data/config.py). */
export const TIMM_DEFAULTS = {
  interpolation: 'bicubic',
  cropFraction: 0.875,
  cropMode: 'center',
  ...IMAGENET,
} as const;

const CROP_MODES = ['center', 'squash', 'border'] as const;

function oneOf<Known extends string>(
  path: string,
  key: string,
  value: string,
  known: readonly Known[],
): Known {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw unsupportedPreprocessing(
    path,
    `${key} "${value}" is not supported; supported are ${known.join(', ')}`,
  );
}

/**
 * What a `pretrained_cfg` says; null if nothing.
 * @throws format-unsupported naming the key
 */
export function readPretrainedCfg(
  cfg: v.InferOutput<typeof pretrainedCfgSchema>,
  path: string,
): Partial<Preprocessing> | null {
  const [channels, height, width] = cfg.input_size ?? [3, 1, 1];
  const pixels = Number.isInteger(height) && height >= 1 && height <= 65_536;
  if (channels !== 3 || height !== width || !pixels)
    throw unsupportedPreprocessing(
      path,
      `input_size (${channels}, ${height}, ${width}) is not a square of three channels`,
    );
  const found: { -readonly [K in keyof Preprocessing]?: Preprocessing[K] } = {};
  if (cfg.input_size !== undefined) found.imageSize = height;
  if (cfg.interpolation !== undefined)
    found.interpolation = oneOf(path, 'interpolation', cfg.interpolation, FILTERS);
  if (cfg.crop_pct !== undefined) found.cropFraction = cfg.crop_pct;
  if (cfg.crop_mode !== undefined)
    found.cropMode = oneOf(path, 'crop_mode', cfg.crop_mode, CROP_MODES);
  if (cfg.mean !== undefined) found.mean = cfg.mean;
  if (cfg.std !== undefined) found.std = cfg.std;
  return Object.keys(found).length === 0 ? null : found;
}

/** The keys of a `pretrained_cfg` from which `readPretrainedCfg` gets it back. */
export function pretrainedCfgOf(p: Preprocessing): Record<string, unknown> {
  return {
    input_size: [3, p.imageSize, p.imageSize],
    fixed_input_size: true,
    interpolation: p.interpolation,
    crop_pct: p.cropFraction,
    crop_mode: p.cropMode,
    mean: [...p.mean],
    std: [...p.std],
  };
}

/** What timm's transform does otherwise than `p`; null where a `pretrained_cfg` says all of it. */
export function otherwiseInTimm(p: Preprocessing): ExportNote | null {
  if (p.rescale !== undefined) return 'timm-levels';
  if (p.cropMode === 'border' && p.borderColour !== undefined) return 'timm-border';
  const margin = resizedSide(p) - p.imageSize;
  // Of a square only one margin is halved; halves of 1.5, 3.5, … are rounded up by timm.
  const same = p.cropMode === 'border' || (p.cropMode === 'squash' && margin % 4 !== 3);
  return p.cropRounding === undefined || same ? null : 'timm-crop';
}
