import {
  borderColour,
  resizedSide,
  type Preprocessing,
} from '../../../shared/domain/preprocessing.ts';
import type { AugmentationOptions } from '../../../shared/domain/training.ts';
import type { RandomStream } from '../random.ts';
import { type Colour, rotationMap, translate, warp } from './affine.ts';
import { brightness, contrast, saturation } from './colour.ts';
import { evaluationFloats, evaluationPixels, reduceTo, type RgbImage } from './preprocessing.ts';
import { randAugment } from './rand-augment.ts';
import { resample } from './resample.ts';
import type { Rectangle } from './resample-in-script.ts';

/**
 * With random resized crops, cached images keep a shorter side of up to this many times the
 * model's: large enough that few crops are enlarged, small enough that tens of thousands fit on a
 * disk.
 */
const CROP_MARGIN = 1.5;

const ASPECT_RATIOS = [3 / 4, 4 / 3] as const;

/** The deterministic transform applied once per image; its result is cached. */
export interface WorkingRule {
  /** Name and parameters of the transform; equal names give interchangeable images. */
  readonly name: string;
  apply(image: RgbImage): RgbImage;
  /** The levels in what `apply` made. */
  levels(image: RgbImage): Uint8Array | Float32Array;
}

/** True when the base image is already the model's square. */
function cropsRandomly(augmentation: AugmentationOptions | null): boolean {
  return augmentation !== null && augmentation.cropScaleMin < 1;
}

/**
 * The square of the evaluation transform, or, for random crops, the whole image with its shorter
 * side reduced to 1.5 times the model's. Augmentation works on whole levels, also where the
 * evaluation transform does not round to them.
 */
export function workingRule(
  preprocessing: Preprocessing,
  augmentation: AugmentationOptions | null,
): WorkingRule {
  const { imageSize, interpolation, cropMode, cropRounding, rescale } = preprocessing;
  const levels = ({ pixels }: RgbImage) => pixels;
  if (cropsRandomly(augmentation)) {
    const side = Math.floor(imageSize * CROP_MARGIN);
    return {
      name: `whole-${side}-${interpolation}`,
      apply: (image) => reduceTo(image, side, interpolation),
      levels,
    };
  }
  const square = [
    `${cropMode}-${imageSize}-of-${resizedSide(preprocessing)}-${interpolation}`,
    ...(cropMode === 'border' ? borderColour(preprocessing) : []),
    ...(cropRounding === undefined ? [] : [cropRounding]),
  ].join('-');
  if (rescale !== undefined && augmentation === null)
    return {
      name: `${square}-floats`,
      // Cached as the bytes of its floats: four for each level.
      apply: (image) => ({
        width: 4 * imageSize,
        height: imageSize,
        pixels: new Uint8Array(evaluationFloats(image, preprocessing).buffer),
      }),
      levels: ({ pixels }) =>
        new Float32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength / 4),
    };
  return {
    name: square,
    apply: (image) => ({
      width: imageSize,
      height: imageSize,
      pixels: evaluationPixels(image, preprocessing),
    }),
    levels,
  };
}

/** timm's rule (RandomResizedCropAndInterpolation.get_params): ten tries, then the largest central crop. */
export function drawCrop(
  width: number,
  height: number,
  scaleMin: number,
  stream: RandomStream,
): Rectangle {
  const [low, high] = ASPECT_RATIOS;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = (scaleMin + (1 - scaleMin) * stream.uniform()) * width * height;
    const ratio = Math.exp(Math.log(low) + (Math.log(high) - Math.log(low)) * stream.uniform());
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const top = stream.integer(height - h + 1);
    const left = stream.integer(width - w + 1);
    return { left, top, width: w, height: h };
  }
  const w = width / height > high ? Math.round(height * high) : width;
  const h = width / height < low ? Math.round(width / low) : height;
  return {
    left: Math.floor((width - w) / 2),
    top: Math.floor((height - h) / 2),
    width: w,
    height: h,
  };
}

function mirror(pixels: Uint8Array, side: number): void {
  for (let row = 0; row < pixels.length; row += side * 3) {
    for (let i = row, j = row + (side - 1) * 3; i < j; i += 3, j -= 3) {
      for (let c = 0; c < 3; c++) {
        const swap = pixels[i + c]!;
        pixels[i + c] = pixels[j + c]!;
        pixels[j + c] = swap;
      }
    }
  }
}

/** Brightness, contrast and saturation by factors from [max(0, 1 - j), 1 + j], in random order. */
function jitter(pixels: Uint8Array, strength: number, stream: RandomStream): void {
  const operations = [brightness, contrast, saturation];
  const low = Math.max(0, 1 - strength);
  while (operations.length > 0) {
    const [operation] = operations.splice(stream.integer(operations.length), 1);
    operation!(pixels, low + (1 + strength - low) * stream.uniform());
  }
}

/** Draws and applies the augmentation of one image. */
export class Augmenter {
  readonly #options: AugmentationOptions;
  readonly #preprocessing: Preprocessing;
  readonly #fill: Colour;

  constructor(preprocessing: Preprocessing, options: AugmentationOptions) {
    this.#preprocessing = preprocessing;
    this.#options = options;
    // The mean colour normalises to 0, so that corners filled by a rotation carry no signal.
    this.#fill = borderColour({ mean: preprocessing.mean });
  }

  /**
   * In this order: random resized crop, translation, flip, rotation, RandAugment, colour jitter.
   *
   * @param image from the base transform; not modified
   * @param stream random numbers for this image in this epoch
   * @returns imageSize × imageSize × 3
   */
  apply(image: RgbImage, stream: RandomStream): Uint8Array {
    const { imageSize: side, interpolation } = this.#preprocessing;
    const options = this.#options;
    let pixels: Uint8Array;
    if (cropsRandomly(options)) {
      const crop = drawCrop(image.width, image.height, options.cropScaleMin, stream);
      const square = { left: 0, top: 0, width: side, height: side };
      pixels = resample(image.pixels, {
        width: image.width,
        source: crop,
        targetWidth: side,
        targetHeight: side,
        crop: square,
        interpolation,
      });
    } else {
      pixels = image.pixels.slice();
    }
    if (options.padCrop > 0) {
      const right = stream.integer(2 * options.padCrop + 1) - options.padCrop;
      const down = stream.integer(2 * options.padCrop + 1) - options.padCrop;
      pixels = translate(pixels, side, right, down);
    }
    if (options.flip && stream.integer(2) === 1) mirror(pixels, side);
    if (options.rotation > 0) {
      const degrees = (2 * stream.uniform() - 1) * options.rotation;
      pixels = warp(pixels, side, rotationMap(degrees), this.#fill);
    }
    if (options.randAugmentOps > 0)
      pixels = randAugment(
        pixels,
        side,
        options.randAugmentOps,
        options.randAugmentMagnitude,
        this.#fill,
        stream,
      );
    if (options.colorJitter > 0) jitter(pixels, options.colorJitter, stream);
    return pixels;
  }
}
