import * as v from 'valibot';
import type { Preprocessing } from '../../shared/domain/preprocessing.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { inWords } from './json-words.ts';

/**
 * `preprocessor_config.json`, in the words of Hugging Face's image processors: what their files mean by the defaults of
 * their own class, and what our pipeline (resize, cut out, scale to 0..1, normalise) can do of it. The rest is refused.
 */

type Triple = readonly [number, number, number];

interface Defaults {
  /** A lone number is the shortest edge; else both sides. */
  readonly byShortestEdge: boolean;
  readonly size: number;
  readonly centerCrop: boolean;
  readonly cropSize: number;
  readonly resample: number;
  readonly mean: Triple;
  readonly std: Triple;
}

const HALF: Triple = [0.5, 0.5, 0.5];
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const OPENAI = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;
const SHARED = { size: 224, cropSize: 224 } as const;
const VIT: Defaults = {
  ...SHARED,
  ...{ byShortestEdge: false, centerCrop: false, resample: 2, mean: HALF, std: HALF },
};
const CLIP: Defaults = {
  ...SHARED,
  byShortestEdge: true,
  centerCrop: true,
  resample: 3,
  ...OPENAI,
};
const DEIT: Defaults = {
  ...{ byShortestEdge: false, size: 256, centerCrop: true, cropSize: 224, resample: 3 },
  ...IMAGENET,
};

/** Kinds of image processor by the beginning of their name, and what they take where the file is silent. */
const KINDS: ReadonlyMap<string, Defaults> = new Map([
  ['ViT', VIT],
  ['DeiT', DEIT],
  ['CLIP', CLIP],
  ['Bit', CLIP],
]);
/** `resample` is PIL's number. */
const FILTERS = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const;

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const absent = v.optional(v.nullable(v.union([v.literal(false), v.literal('')])));
const text = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200))));
const flag = v.optional(v.nullable(v.boolean()));
const level = v.pipe(v.number(), v.minValue(-1000), v.maxValue(1000));
const spread = v.pipe(v.number(), v.minValue(1e-6), v.maxValue(1000));
const square = v.strictObject({ height: count(8192), width: count(8192) });

const schema = v.strictObject({
  image_processor_type: text,
  feature_extractor_type: text,
  processor_class: text,
  do_resize: flag,
  size: v.optional(
    v.nullable(v.union([count(65536), square, v.strictObject({ shortest_edge: count(65536) })])),
  ),
  resample: v.optional(v.nullable(v.picklist([0, 1, 2, 3, 4, 5]))),
  do_center_crop: flag,
  crop_size: v.optional(v.nullable(v.union([count(8192), square]))),
  /** timm's crop fraction, from which `size` follows; Hugging Face's own files of these kinds have none. */
  crop_pct: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1)))),
  do_rescale: flag,
  rescale_factor: v.optional(v.nullable(v.pipe(v.number(), v.finite()))),
  do_normalize: flag,
  image_mean: v.optional(v.nullable(v.union([level, v.tuple([level, level, level])]))),
  image_std: v.optional(v.nullable(v.union([spread, v.tuple([spread, spread, spread])]))),
  // Said of how the other program works, not of the pixels.
  do_convert_rgb: flag,
  default_to_square: flag,
  data_format: text,
  input_data_format: text,
  device: text,
  return_tensors: text,
  disable_grouping: flag,
  // They change the pixels in ways that are not ours: they may be there, and off.
  do_pad: absent,
  pad_size: v.optional(v.null()),
  do_flip_channel_order: absent,
  do_reduce_labels: absent,
});
type Said = v.InferOutput<typeof schema>;

function refuse(path: string, sentence: string): KarstError {
  return new KarstError('format-unsupported', `${path}: ${sentence}.`, {
    hint: 'Write the file for the pipeline resize, center crop, scale to 0..1, normalize, or take an adapter that KARST Studio wrote.',
    path,
  });
}

/**
 * Reads `preprocessor_config.json`, of ours or of Hugging Face.
 * @throws format-unsupported naming the key that is wrong or cannot be honoured
 */
export function preprocessingFromJson(value: unknown, path: string): Preprocessing {
  const outcome = v.safeParse(schema, value);
  if (!outcome.success) {
    const [issue] = outcome.issues;
    const key = v.getDotPath(issue);
    const found = key === null ? value : issue.input;
    throw refuse(
      path,
      `${key === null ? 'it' : `"${key}"`} is ${inWords(found)}, which is not supported (${issue.message})`,
    );
  }
  const said = outcome.output;
  const defaults = kindOf(said, path);
  if (said.do_resize === false)
    throw refuse(path, '"do_resize" is false, and images of any size cannot be taken as they are');
  if (said.do_rescale === false)
    throw refuse(path, '"do_rescale" is false, and pixels are always scaled to 0..1 here');
  const factor = said.rescale_factor ?? 1 / 255;
  if (Math.abs(factor * 255 - 1) >= 1e-6)
    throw refuse(path, `"rescale_factor" is ${String(factor)}, and only 1/255 is taken`);
  const resample = said.resample ?? defaults.resample;
  if (resample !== 2 && resample !== 3)
    throw refuse(
      path,
      `"resample" is ${String(resample)} (${FILTERS[resample] ?? 'unknown'}), and only 2 (bilinear) and 3 (bicubic) are taken`,
    );
  const normalised = said.do_normalize !== false;
  return {
    ...geometry(said, defaults, path),
    interpolation: resample === 3 ? 'bicubic' : 'bilinear',
    mean: normalised ? triple(said.image_mean ?? defaults.mean) : [0, 0, 0],
    std: normalised ? triple(said.image_std ?? defaults.std) : [1, 1, 1],
  };
}

function triple(value: number | Triple): Triple {
  return typeof value === 'number' ? [value, value, value] : value;
}

function kindOf(said: Said, path: string): Defaults {
  const name = said.image_processor_type ?? said.feature_extractor_type ?? 'ViTImageProcessor';
  const kind = /^([A-Za-z]+?)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/.exec(name)?.[1];
  const defaults = kind === undefined ? undefined : KINDS.get(kind);
  if (defaults !== undefined) return defaults;
  const known = [...KINDS.keys()].map((k) => `${k}ImageProcessor`).join(', ');
  throw refuse(path, `it is for the image processor ${inWords(name)}; taken are ${known}`);
}

/** What is resized to what, and what is cut out of it. */
function geometry(
  said: Said,
  defaults: Defaults,
  path: string,
): Pick<Preprocessing, 'imageSize' | 'cropFraction' | 'cropMode'> {
  const size = said.size ?? defaults.size;
  const cropped = said.do_center_crop ?? defaults.centerCrop;
  const crop = said.crop_size ?? defaults.cropSize;
  const [height, width] = typeof crop === 'number' ? [crop, crop] : [crop.height, crop.width];
  const shortest =
    typeof size === 'number'
      ? defaults.byShortestEdge
        ? size
        : null
      : 'shortest_edge' in size
        ? size.shortest_edge
        : null;
  if (shortest === null) {
    const sides =
      typeof size === 'number'
        ? { height: size, width: size }
        : (size as { height: number; width: number });
    if (sides.height !== sides.width)
      throw refuse(path, `"size" is ${sides.height} by ${sides.width}, and only squares are taken`);
    // A crop that takes all of it is none; our own files name the square once more.
    if (
      (cropped || typeof said.crop_pct === 'number') &&
      (height !== sides.height || width !== sides.width)
    )
      throw refuse(
        path,
        `"crop_size" is ${height} by ${width} out of a square of ${sides.height}: images are cut out of their own proportions ("shortest_edge") or squeezed, not both`,
      );
    return { imageSize: sides.height, cropFraction: said.crop_pct ?? 1, cropMode: 'squash' };
  }
  if (!cropped)
    throw refuse(
      path,
      '"size" has a "shortest_edge" and "do_center_crop" is off: images would keep their proportions, and the model takes squares',
    );
  if (height !== width)
    throw refuse(path, `"crop_size" is ${height} by ${width}, and only squares are taken`);
  if (height > shortest)
    throw refuse(
      path,
      `"crop_size" ${height} is larger than the "shortest_edge" ${shortest}, and images are not padded here`,
    );
  const cropFraction = said.crop_pct ?? fractionOf(height, shortest);
  if (Math.floor(height / cropFraction) !== shortest)
    throw refuse(
      path,
      `"size", "crop_size" and "crop_pct" do not fit together: ${height} / ${cropFraction} is not ${shortest}`,
    );
  return { imageSize: height, cropFraction, cropMode: 'center' };
}

/** The fraction from which timm's rule, floor(side / fraction), makes exactly this edge, whatever the rounding. */
function fractionOf(side: number, edge: number): number {
  const fraction = side / edge;
  return Math.floor(side / fraction) === edge ? fraction : side / (edge + 0.5);
}

/** The same file as we write it, with timm's `crop_pct`. */
export function preprocessingToJson(p: Preprocessing): Record<string, unknown> {
  const side = { height: p.imageSize, width: p.imageSize };
  const center = p.cropMode === 'center';
  const json = {
    image_processor_type: 'ViTImageProcessor',
    do_resize: true,
    size: center ? { shortest_edge: Math.floor(p.imageSize / p.cropFraction) } : side,
    resample: p.interpolation === 'bicubic' ? 3 : 2,
    do_center_crop: center,
    crop_size: side,
    crop_pct: p.cropFraction,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [...p.mean],
    image_std: [...p.std],
  };
  preprocessingFromJson(json, 'preprocessor_config.json');
  return json;
}
