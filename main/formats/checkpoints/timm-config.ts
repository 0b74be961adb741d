import * as v from 'valibot';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { KarstError } from '../../../shared/domain/errors.ts';

/** The relevant parts of timm's `config.json`; `null` where absent. */
export interface TimmConfig {
  readonly architecture: string | null;
  readonly heads: number | null;
  readonly globalPool: string | null;
  readonly preprocessing: Partial<Preprocessing> | null;
}

/** An object but not a list, which schemas accept as an object without keys. */
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

function unsupported(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}`, {
    hint: 'Correct the file, or remove it to use the defaults.',
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
      `interpolation "${interpolation}" is not supported, only bicubic and bilinear are.`,
    );
  if (cropMode !== undefined && cropMode !== 'center' && cropMode !== 'squash')
    throw unsupported(
      path,
      `crop_mode "${cropMode}" is not supported, only center and squash are.`,
    );
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

/** How timm builds an unregistered network: from a registered one with overriding arguments. */
export interface TimmBuild {
  readonly registered: string;
  readonly args: Readonly<Record<string, number | boolean>>;
  /** Module paths of the layer that reads the image, and of the classifier. */
  readonly firstLayer: string;
  readonly classifier: string;
}

/**
 * `config.json` in timm's own layout, with which `timm.create_model('local-dir:FOLDER',
 * pretrained=True)` builds the model, and from which `parseTimmConfig` gets it back. timm builds
 * registered names only: the nearest is given, and `model_args` override every number.
 * @param width features that the head is given
 * @param labels class names in the order of the head's outputs
 */
export function timmConfigToJson(
  { registered, args, firstLayer, classifier }: TimmBuild,
  { classes, width }: { readonly classes: number; readonly width: number },
  p: Preprocessing,
  labels: readonly string[] = [],
): Record<string, unknown> {
  return {
    architecture: registered,
    num_classes: classes,
    num_features: width,
    global_pool: 'token',
    ...(labels.length === 0 ? {} : { label_names: [...labels] }),
    model_args: { ...args, num_classes: classes },
    pretrained_cfg: {
      input_size: [3, p.imageSize, p.imageSize],
      fixed_input_size: true,
      interpolation: p.interpolation,
      crop_pct: p.cropFraction,
      crop_mode: p.cropMode,
      mean: [...p.mean],
      std: [...p.std],
      num_classes: classes,
      first_conv: firstLayer,
      classifier,
    },
  };
}
