import * as v from 'valibot';
import { immutable } from './immutable.ts';
import { roundToEven } from './round-to-even.ts';
import { countSchema, finiteSchema } from './scalars.ts';

const perChannel = v.tuple([finiteSchema, finiteSchema, finiteSchema]);
const level = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

/** Pillow's filters. */
export const FILTERS = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const;
export type Filter = (typeof FILTERS)[number];

/** Evaluation preprocessing: resize, crop, scale to 0..1, subtract `mean`, divide by `std` (per RGB channel). */
export const preprocessingSchema = immutable(
  v.object({
    /** Side of the square that the model sees, in pixels. */
    imageSize: countSchema,
    interpolation: v.picklist(FILTERS),
    /**
     * timm's crop_pct: the image is resized to `resizedSide` = floor(imageSize / cropFraction)
     * before the centre crop, at whatever size is trained.
     */
    cropFraction: finiteSchema,
    /**
     * Which side is resized to it. `center`: the shorter one. `squash`: both, changing the aspect
     * ratio. `border`: the longer one, and what is missing of the square is filled.
     */
    cropMode: v.picklist(['center', 'squash', 'border']),
    mean: perChannel,
    std: perChannel,
    /** Colour of the border, 0..255 per channel; left out: `mean`, which normalises to 0. */
    borderColour: v.exactOptional(v.tuple([level, level, level])),
    /**
     * An odd margin is halved by rounding down, as transformers does; left out: to the even
     * number, as torchvision and timm do.
     */
    cropRounding: v.exactOptional(v.literal('down')),
    /** Scaled to 0..1 before resizing: the resized image is not rounded to whole levels. */
    rescale: v.exactOptional(v.literal('before-resizing')),
  }),
);
export type Preprocessing = v.InferOutput<typeof preprocessingSchema>;

/** Side that the image is resized to before the crop, in pixels; never less than the crop. */
export function resizedSide({
  imageSize,
  cropFraction,
}: Pick<Preprocessing, 'imageSize' | 'cropFraction'>): number {
  return Math.max(imageSize, Math.floor(imageSize / cropFraction));
}

/** The colour of the border, 0..255 per channel. */
export function borderColour({
  borderColour: own,
  mean,
}: Pick<Preprocessing, 'borderColour' | 'mean'>): readonly [number, number, number] {
  const [red, green, blue] = mean.map((x) => Math.min(255, Math.max(0, roundToEven(x * 255))));
  return own ?? [red!, green!, blue!];
}
