import * as v from 'valibot';
import type { Preprocessing, VitArchitecture } from '../../shared/domain/architecture.ts';
import { KarstError } from '../../shared/domain/errors.ts';

/** What timm's `config.json` says of a model, as far as it matters here; `null` where it says nothing. */
export interface TimmConfig {
  readonly architecture: string | null;
  readonly heads: number | null;
  readonly globalPool: string | null;
  readonly preprocessing: Partial<Preprocessing> | null;
}

/** An object and no list, which to the schemas is an object without keys. */
const object = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
const real = v.pipe(v.number(), v.finite());
const level = v.pipe(v.number(), v.minValue(-1000), v.maxValue(1000));
const spread = v.pipe(v.number(), v.minValue(1e-6), v.maxValue(1000));
const pretrainedSchema = v.object({
  input_size: v.optional(v.tuple([real, real, real])),
  interpolation: v.optional(v.string()),
  crop_pct: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1))),
  crop_mode: v.optional(v.string()),
  mean: v.optional(v.tuple([level, level, level])),
  std: v.optional(v.tuple([spread, spread, spread])),
});
const configSchema = v.object({
  architecture: v.optional(v.string()),
  global_pool: v.optional(v.string()),
  model_args: v.optional(
    v.pipe(
      object,
      v.object({ num_heads: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))) }),
    ),
  ),
  pretrained_cfg: v.optional(v.pipe(object, pretrainedSchema)),
});

/** Heads by size in timm's registry (`vision_transformer.py`); the width guards against another model's name. */
const TIMM_SIZES = new Map<string, { width: number; heads: number }>([
  ['tiny', { width: 192, heads: 3 }],
  ['small', { width: 384, heads: 6 }],
  ['medium', { width: 512, heads: 8 }],
  ['base', { width: 768, heads: 12 }],
  ['large', { width: 1024, heads: 16 }],
  ['huge', { width: 1280, heads: 16 }],
]);

/** Heads of a registered name such as `vit_tiny_patch16_224.augreg_in21k`; null when it says nothing for this width. */
export function headsOfTimmName(name: string, width: number): number | null {
  const size = /^(?:vit|deit)_([a-z]+)_patch/.exec(name)?.[1];
  const known = size === undefined ? undefined : TIMM_SIZES.get(size);
  return known?.width === width ? known.heads : null;
}

function unsupported(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}`, {
    hint: 'Correct the file, or move it away to take the defaults.',
    path,
  });
}

function preprocessing(
  path: string,
  p: v.InferOutput<typeof pretrainedSchema>,
): Partial<Preprocessing> | null {
  const { interpolation, crop_mode: cropMode } = p;
  if (interpolation !== undefined && interpolation !== 'bicubic' && interpolation !== 'bilinear')
    throw unsupported(
      path,
      `interpolation "${interpolation}" is not taken, only bicubic and bilinear are.`,
    );
  if (cropMode !== undefined && cropMode !== 'center' && cropMode !== 'squash')
    throw unsupported(path, `crop_mode "${cropMode}" is not taken, only center and squash are.`);
  const [channels, height, width] = p.input_size ?? [3, 1, 1];
  if (channels !== 3 || height !== width)
    throw unsupported(
      path,
      `input_size (${channels}, ${height}, ${width}) is not a square of three channels.`,
    );
  const found: { -readonly [K in keyof Preprocessing]?: Preprocessing[K] } = {};
  if (p.input_size !== undefined) found.imageSize = height;
  if (interpolation !== undefined) found.interpolation = interpolation;
  if (p.crop_pct !== undefined) found.cropFraction = p.crop_pct;
  if (cropMode !== undefined) found.cropMode = cropMode;
  if (p.mean !== undefined) found.mean = p.mean;
  if (p.std !== undefined) found.std = p.std;
  return Object.keys(found).length === 0 ? null : found;
}

/**
 * Reads timm's `config.json`: `architecture`, `global_pool`, `model_args.num_heads` and the preprocessing in
 * `pretrained_cfg` (in older files at the top level).
 * @throws format-unsupported naming the key
 */
export function parseTimmConfig(value: unknown, path: string): TimmConfig {
  if (Array.isArray(value)) throw unsupported(path, "not timm's config.json: it is a list.");
  const outcome = v.safeParse(v.intersect([configSchema, pretrainedSchema]), value);
  if (!outcome.success) {
    const issue = outcome.issues[0];
    const key = v.getDotPath(issue);
    throw unsupported(
      path,
      `not timm's config.json: ${key === null ? '' : `"${key}": `}${issue.message}.`,
    );
  }
  const c = outcome.output;
  return {
    architecture: c.architecture ?? null,
    heads: c.model_args?.num_heads ?? null,
    globalPool: c.global_pool ?? null,
    preprocessing: preprocessing(path, c.pretrained_cfg ?? c),
  };
}

/** The same from a safetensors file's own metadata: `architecture`, `num_heads`, `pretrained_cfg` (JSON). */
export function timmConfigOfMetadata(
  metadata: ReadonlyMap<string, string>,
  path: string,
): TimmConfig | null {
  const architecture = metadata.get('architecture');
  const heads = metadata.get('num_heads');
  const pretrained = metadata.get('pretrained_cfg');
  if (architecture === undefined && heads === undefined && pretrained === undefined) return null;
  let cfg: unknown = {};
  try {
    cfg = pretrained === undefined ? {} : JSON.parse(pretrained);
  } catch (cause) {
    throw unsupported(
      path,
      `"pretrained_cfg" in its metadata is not valid JSON: ${(cause as Error).message}.`,
    );
  }
  return parseTimmConfig(
    {
      ...(architecture === undefined ? {} : { architecture }),
      ...(heads === undefined ? {} : { model_args: { num_heads: Number(heads) } }),
      pretrained_cfg: cfg,
    },
    path,
  );
}

/** Of timm's registered names those whose networks differ in numbers alone, which `model_args` can say. */
const REGISTERED = ['tiny', 'small', 'base', 'large'] as const;

/** The registered name that is nearest: one of the same width where there is one. */
function registeredName(a: VitArchitecture): string {
  const size = REGISTERED.find((name) => TIMM_SIZES.get(name)?.width === a.width) ?? 'base';
  return `vit_${size}_patch16_224`;
}

/** Whether a name of timm's says another width or another size of patches: then it only says how the model is built. */
export function isOnlyBuiltAs(name: string, a: VitArchitecture): boolean {
  const [, size = '', patch = ''] = /^(?:vit|deit)_([a-z]+)_patch(\d+)/.exec(name) ?? [];
  const width = TIMM_SIZES.get(size)?.width;
  return width !== undefined && (width !== a.width || Number(patch) !== a.patchSize);
}

/** timm takes the whole part of width · ratio, which must be `hidden` whatever the rounding. */
function mlpRatio({ hidden, width }: VitArchitecture): number {
  const ratio = hidden / width;
  return Math.trunc(width * ratio) === hidden ? ratio : (hidden + 0.5) / width;
}

/**
 * `config.json` in timm's own layout, with which `timm.create_model('local-dir:FOLDER', pretrained=True)` builds the model, and
 * from which `parseTimmConfig` gets it back. timm builds registered names only: the nearest is named, and `model_args` say
 * every number.
 * @param labels class names in the order of the head's outputs
 */
export function timmConfigToJson(
  a: VitArchitecture,
  p: Preprocessing,
  labels: readonly string[] = [],
): Record<string, unknown> {
  return {
    architecture: registeredName(a),
    num_classes: a.classes,
    num_features: a.width,
    global_pool: 'token',
    ...(labels.length === 0 ? {} : { label_names: [...labels] }),
    model_args: {
      img_size: a.imageSize,
      patch_size: a.patchSize,
      embed_dim: a.width,
      depth: a.depth,
      num_heads: a.heads,
      mlp_ratio: mlpRatio(a),
      qkv_bias: a.qkvBias,
      num_classes: a.classes,
    },
    pretrained_cfg: {
      input_size: [3, p.imageSize, p.imageSize],
      fixed_input_size: true,
      interpolation: p.interpolation,
      crop_pct: p.cropFraction,
      crop_mode: p.cropMode,
      mean: [...p.mean],
      std: [...p.std],
      num_classes: a.classes,
      first_conv: 'patch_embed.proj',
      classifier: 'head',
    },
  };
}
