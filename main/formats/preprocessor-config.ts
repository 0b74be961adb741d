import * as v from 'valibot';
import { resizedSide, type Preprocessing } from '../../shared/domain/preprocessing.ts';
import { KarstError } from '../../shared/domain/errors.ts';
import { inWords } from './json-words.ts';
import type { Triple } from './preprocessing/constants.ts';
import { byte, level, spread } from './preprocessing/fields.ts';
import {
  PIL_FILTERS,
  PROCESSORS,
  processorOfModel,
  type Processor,
  type ProcessorKind,
} from './preprocessing/processors.ts';

/**
 * `preprocessor_config.json`, in the words of Hugging Face's image processors: what their files mean by the defaults of
 * their own class, and what our pipeline (resize, cut out, scale to 0..1, normalise) can do of it. The rest is refused.
 */

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const absent = v.optional(v.nullable(v.union([v.literal(false), v.literal('')])));
const text = v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200))));
const flag = v.optional(v.nullable(v.boolean()));
const square = v.strictObject({ height: count(8192), width: count(8192) });

const schema = v.strictObject({
  image_processor_type: text,
  feature_extractor_type: text,
  processor_class: text,
  do_resize: flag,
  size: v.optional(
    v.nullable(
      v.union([
        count(65536),
        square,
        v.strictObject({ shortest_edge: count(65536) }),
        v.strictObject({ longest_edge: count(65536) }),
      ]),
    ),
  ),
  resample: v.optional(v.nullable(v.picklist([0, 1, 2, 3, 4, 5]))),
  do_center_crop: flag,
  crop_size: v.optional(v.nullable(v.union([count(8192), square]))),
  /**
   * timm's crop fraction, from which `size` follows: our own files have it, and of Hugging Face's
   * those of ConvNeXt.
   */
  crop_pct: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0.01), v.maxValue(1)))),
  do_rescale: flag,
  rescale_factor: v.optional(v.nullable(v.pipe(v.number(), v.minValue(1e-6), v.maxValue(1e6)))),
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
  use_fast: flag,
  image_seq_length: v.optional(v.null()),
  _valid_processor_keys: v.optional(v.array(v.string())),
  // They change the pixels in ways that are not ours: they may be there, and off.
  do_pad: absent,
  pad_size: v.optional(v.null()),
  /** Of our own files: the colour of the border around the longer side's image. */
  border_color: v.optional(v.tuple([byte, byte, byte])),
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

/** Whether it is transformers' note that timm's own configuration beside it says all. */
export function isTimmWrapper(value: unknown): boolean {
  const noted = v.safeParse(
    v.object({ image_processor_type: v.literal('TimmWrapperImageProcessor') }),
    value,
  );
  return noted.success;
}

/**
 * Reads `preprocessor_config.json`, of ours or of Hugging Face.
 * @param modelType Hugging Face's `model_type`, whose processor is taken where the file names none
 * @throws format-unsupported naming the key that is wrong or cannot be honoured
 */
export function preprocessingFromJson(
  value: unknown,
  path: string,
  modelType: string | null = null,
): Preprocessing {
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
  const processor: Processor = PROCESSORS[kindOf(said, path, modelType)];
  if (said.do_resize === false)
    throw refuse(path, '"do_resize" is false, and images of any size cannot be taken as they are');
  const filter = PIL_FILTERS[said.resample ?? -1] ?? processor.filter;
  // transformers scales 0..255 by this factor, and only if it is told to.
  const factor = said.do_rescale === false ? 1 : (said.rescale_factor ?? 1 / 255);
  const onFloats = processor.rescalesFirst === true && said.do_rescale !== false;
  if (onFloats && filter !== 'bilinear' && filter !== 'bicubic')
    throw refuse(
      path,
      `"resample" is ${String(said.resample)} (${filter}), and pixels that are scaled first are resized by 2 (bilinear) or 3 (bicubic)`,
    );
  const normalised = said.do_normalize !== false;
  // A crop fraction makes it a file of ours, which halves margins as timm does.
  const asTimm = typeof said.crop_pct === 'number' && processor.cropsByFraction !== true;
  const found = geometry(said, processor, path);
  const cropped = found.cropMode === 'center' || found.cropFraction < 1;
  return {
    ...found,
    interpolation: filter,
    ...inUnits(
      normalised ? triple(said.image_mean ?? processor.mean) : [0, 0, 0],
      normalised ? triple(said.image_std ?? processor.std) : [1, 1, 1],
      factor,
    ),
    ...(cropped && !asTimm ? { cropRounding: 'down' } : {}),
    ...(onFloats ? { rescale: 'before-resizing' } : {}),
    ...(said.border_color === undefined ? {} : { borderColour: said.border_color }),
  };
}

function triple(value: number | Triple): Triple {
  return typeof value === 'number' ? [value, value, value] : value;
}

/** Mean and deviation of levels times `factor`, for levels divided by 255. */
function inUnits(mean: Triple, std: Triple, factor: number): Pick<Preprocessing, 'mean' | 'std'> {
  const unit = 255 * factor;
  if (Math.abs(unit - 1) < 1e-6) return { mean, std };
  const divided = ([red, green, blue]: Triple): Triple => [red / unit, green / unit, blue / unit];
  return { mean: divided(mean), std: divided(std) };
}

function kindOf(said: Said, path: string, modelType: string | null): ProcessorKind {
  const name = said.image_processor_type ?? said.feature_extractor_type;
  if (typeof name !== 'string') return processorOfModel(modelType);
  const kind = /^([A-Za-z0-9]+?)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/.exec(name)?.[1];
  const kinds = Object.keys(PROCESSORS) as ProcessorKind[];
  const found = kinds.find((known) => known === kind);
  if (found !== undefined) return found;
  const known = kinds.map((k) => `${k}ImageProcessor`).join(', ');
  throw refuse(path, `it is for the image processor ${inWords(name)}; taken are ${known}`);
}

type Geometry = Pick<Preprocessing, 'imageSize' | 'cropFraction' | 'cropMode'>;

/** What is resized to what, and what is cut out of it. */
function geometry(said: Said, processor: Processor, path: string): Geometry {
  const { cropMode, side } = resizing(said, processor, path);
  if (processor.cropsByFraction === true) return byFraction(said, side, path);
  const crop = cropSide(said, processor, path);
  const cropped = said.do_center_crop ?? processor.centerCrop;
  if (cropMode === 'center' && !cropped)
    throw refuse(
      path,
      '"size" has a "shortest_edge" and "do_center_crop" is off: images would keep their proportions, and the model takes squares',
    );
  if (!cropped) {
    // Earlier files of ours say a squashed image's crop by its fraction alone.
    const fraction = said.crop_pct ?? 1;
    return { imageSize: side, cropFraction: fraction, cropMode };
  }
  if (crop > side && cropMode !== 'border')
    throw refuse(
      path,
      `"crop_size" ${crop} is larger than the ${cropMode === 'center' ? '"shortest_edge"' : '"size"'} ${side}, and images are not padded here`,
    );
  const cropFraction = said.crop_pct ?? fractionOf(crop, side);
  if (resizedSide({ imageSize: crop, cropFraction }) !== side)
    throw refuse(
      path,
      `"size", "crop_size" and "crop_pct" do not fit together: ${crop} / ${cropFraction} is not ${side}`,
    );
  return { imageSize: crop, cropFraction, cropMode };
}

/** Which sides are resized to how many pixels. */
function resizing(
  said: Said,
  processor: Processor,
  path: string,
): { readonly cropMode: Preprocessing['cropMode']; readonly side: number } {
  const size = said.size ?? processor.size;
  if (typeof size === 'number')
    return { cropMode: processor.byShortestEdge ? 'center' : 'squash', side: size };
  if ('shortest_edge' in size) return { cropMode: 'center', side: size.shortest_edge };
  if ('longest_edge' in size) {
    if (typeof said.crop_pct === 'number') return { cropMode: 'border', side: size.longest_edge };
    throw refuse(
      path,
      '"size" has a "longest_edge": images would keep their proportions, and the model takes squares',
    );
  }
  if (size.height !== size.width)
    throw refuse(path, `"size" is ${size.height} by ${size.width}, and only squares are taken`);
  return { cropMode: 'squash', side: size.height };
}

function cropSide(said: Said, processor: Processor, path: string): number {
  const crop = said.crop_size ?? processor.cropSize;
  if (typeof crop === 'number') return crop;
  if (crop.height !== crop.width)
    throw refuse(
      path,
      `"crop_size" is ${crop.height} by ${crop.width}, and only squares are taken`,
    );
  return crop.height;
}

/** ConvNeXt's rule. */
function byFraction(said: Said, side: number, path: string): Geometry {
  if (said.do_center_crop === true)
    throw refuse(path, '"do_center_crop" is true beside ConvNeXt\'s own crop');
  return side < 384
    ? { imageSize: side, cropFraction: said.crop_pct ?? 224 / 256, cropMode: 'center' }
    : { imageSize: side, cropFraction: 1, cropMode: 'squash' };
}

/** The fraction from which timm's rule, floor(side / fraction), makes exactly this edge, whatever the rounding. */
function fractionOf(side: number, edge: number): number {
  const fraction = side / edge;
  return Math.floor(side / fraction) === edge ? fraction : side / (edge + 0.5);
}

/** The size that images are resized to, in Hugging Face's words. */
const SIZES = {
  center: (side: number) => ({ shortest_edge: side }),
  squash: (side: number) => ({ height: side, width: side }),
  border: (side: number) => ({ longest_edge: side }),
} as const;

/**
 * The same file as we write it for ourselves, with timm's `crop_pct` unless margins are halved as
 * transformers does.
 */
export function preprocessingToJson(p: Preprocessing): Record<string, unknown> {
  const resized = resizedSide(p);
  const json = {
    image_processor_type: `${p.rescale === undefined ? 'ViT' : 'DINOv3ViT'}ImageProcessor`,
    do_resize: true,
    size: SIZES[p.cropMode](resized),
    resample: PIL_FILTERS.indexOf(p.interpolation),
    do_center_crop: p.cropMode !== 'squash' || resized > p.imageSize,
    crop_size: { height: p.imageSize, width: p.imageSize },
    ...(p.cropRounding === 'down' ? {} : { crop_pct: p.cropFraction }),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [...p.mean],
    image_std: [...p.std],
    ...(p.borderColour === undefined ? {} : { border_color: [...p.borderColour] }),
  };
  preprocessingFromJson(json, 'preprocessor_config.json');
  return json;
}
