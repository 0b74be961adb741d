import {
  borderColour,
  resizedSide,
  type Preprocessing,
} from '../../../shared/domain/preprocessing.ts';
import { roundToEven } from '../../../shared/domain/round-to-even.ts';
import { pixelsAddon } from './pixels-addon.ts';
import { resample, resampleFloats } from './resample.ts';
import type { Rectangle, Resampling } from './resample-in-script.ts';

/** An RGB image of 8 bits: height × width × 3, interleaved. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** The model's square in the resized image. */
export interface EvaluationGeometry {
  readonly resizedWidth: number;
  readonly resizedHeight: number;
  /** What of the resized image is in the square. */
  readonly crop: Rectangle;
  /** Where it begins in the square: beyond 0 there is a border. */
  readonly left: number;
  readonly top: number;
}

/**
 * Sizes and crop of an evaluation transform: timm's (timm/data/transforms_factory.py,
 * transforms_imagenet_eval, on torchvision's Resize and CenterCrop), open_clip's and
 * transformers', which differ in how an odd margin is halved.
 */
export function evaluationGeometry(
  width: number,
  height: number,
  preprocessing: Preprocessing,
): EvaluationGeometry {
  const { imageSize, cropMode, cropRounding } = preprocessing;
  const resized = RESIZED[cropMode](width, height, resizedSide(preprocessing));
  const start = (side: number) =>
    side <= imageSize
      ? { from: 0, to: Math.floor((imageSize - side) / 2) }
      : {
          from: (cropRounding === 'down' ? Math.floor : roundToEven)((side - imageSize) / 2),
          to: 0,
        };
  const across = start(resized.width);
  const down = start(resized.height);
  return {
    resizedWidth: resized.width,
    resizedHeight: resized.height,
    crop: {
      left: across.from,
      top: down.from,
      width: Math.min(imageSize, resized.width),
      height: Math.min(imageSize, resized.height),
    },
    left: across.to,
    top: down.to,
  };
}

type Size = Pick<RgbImage, 'width' | 'height'>;

/** Size of the whole image after resizing to `side`. */
const RESIZED: Record<
  Preprocessing['cropMode'],
  (width: number, height: number, side: number) => Size
> = {
  center: shorterSideTo,
  squash: (_width, _height, side) => ({ width: side, height: side }),
  border(width, height, side) {
    const ratio = Math.max(height / side, width / side);
    return {
      width: Math.max(1, roundToEven(width / ratio)),
      height: Math.max(1, roundToEven(height / ratio)),
    };
  },
};

/** torchvision's rule: the longer side keeps the ratio and is rounded down. */
function shorterSideTo(width: number, height: number, side: number): Size {
  return width <= height
    ? { width: side, height: Math.floor((side * height) / width) }
    : { width: Math.floor((side * width) / height), height: side };
}

/**
 * The evaluation transform up to, but without, scaling and normalising: imageSize × imageSize × 3.
 */
export function evaluationPixels(image: RgbImage, preprocessing: Preprocessing): Uint8Array {
  const { interpolation } = preprocessing;
  return onSquare(image, preprocessing, (task) =>
    resample(image.pixels, { ...task, interpolation }),
  );
}

/**
 * The same levels without rounding, where images are scaled before they are resized.
 * @throws RangeError for filters that PyTorch does not have
 */
export function evaluationFloats(image: RgbImage, preprocessing: Preprocessing): Float32Array {
  const { interpolation } = preprocessing;
  if (interpolation === 'nearest')
    throw new RangeError('Images that are scaled first are not resized without a filter.');
  return onSquare(image, preprocessing, (task) =>
    resampleFloats(image.pixels, { ...task, interpolation }),
  );
}

/** Makes the model's square of what `resized` makes of the image, with a border where it is smaller. */
function onSquare<Levels extends Uint8Array | Float32Array>(
  image: RgbImage,
  preprocessing: Preprocessing,
  resized: (task: Omit<Resampling, 'interpolation'>) => Levels,
): Levels {
  const { imageSize } = preprocessing;
  const { resizedWidth, resizedHeight, crop, left, top } = evaluationGeometry(
    image.width,
    image.height,
    preprocessing,
  );
  const found = resized({
    width: image.width,
    source: { left: 0, top: 0, width: image.width, height: image.height },
    targetWidth: resizedWidth,
    targetHeight: resizedHeight,
    crop,
  });
  if (crop.width === imageSize && crop.height === imageSize) return found;
  const square = new (found.constructor as new (length: number) => Levels)(3 * imageSize ** 2);
  const colour = borderColour(preprocessing);
  for (let i = 0; i < square.length; i++) square[i] = colour[i % 3]!;
  for (let y = 0; y < crop.height; y++)
    square.set(
      found.subarray(y * crop.width * 3, (y + 1) * crop.width * 3),
      ((top + y) * imageSize + left) * 3,
    );
  return square;
}

/**
 * The image with its shorter side reduced to `side` at its aspect ratio; smaller images are
 * unchanged.
 */
export function reduceTo(
  image: RgbImage,
  side: number,
  interpolation: Preprocessing['interpolation'],
): RgbImage {
  if (Math.min(image.width, image.height) <= side) return image;
  const { width, height } = shorterSideTo(image.width, image.height, side);
  const whole = { left: 0, top: 0, width: image.width, height: image.height };
  const all = { left: 0, top: 0, width, height };
  return {
    width,
    height,
    pixels: resample(image.pixels, {
      width: image.width,
      source: whole,
      targetWidth: width,
      targetHeight: height,
      crop: all,
      interpolation,
    }),
  };
}

/** Turns RGB levels into normalised float planes. */
export class Normaliser {
  readonly #mean: Float32Array;
  readonly #std: Float32Array;
  /** (3, 256): per channel the value of each of the levels. */
  readonly #levels = new Float32Array(3 * 256);

  constructor({ mean, std }: Pick<Preprocessing, 'mean' | 'std'>) {
    this.#mean = Float32Array.from(mean);
    this.#std = Float32Array.from(std);
    for (let c = 0; c < 3; c++)
      for (let level = 0; level < 256; level++)
        this.#levels[256 * c + level] = this.#value(c, level);
  }

  /** In the float32 arithmetic of torchvision. */
  #value(channel: number, level: number): number {
    return Math.fround(Math.fround(level / 255) - this.#mean[channel]!) / this.#std[channel]!;
  }

  /** Writes `pixels` (S × S × 3) as planes (3, S, S) to `out` from `offset` on. */
  write(pixels: Uint8Array | Float32Array, out: Float32Array, offset: number): void {
    const addon = pixelsAddon();
    if (addon === null || pixels instanceof Float32Array) this.writeInScript(pixels, out, offset);
    else addon.normalise(pixels, this.#levels, out, offset);
  }

  /** `write` without the addon. */
  writeInScript(pixels: Uint8Array | Float32Array, out: Float32Array, offset: number): void {
    const area = pixels.length / 3;
    const whole = pixels instanceof Uint8Array;
    for (let c = 0; c < 3; c++) {
      const levels = this.#levels.subarray(256 * c, 256 * (c + 1));
      let to = offset + c * area;
      for (let from = c; from < pixels.length; from += 3)
        out[to++] = whole ? levels[pixels[from]!]! : this.#value(c, pixels[from]!);
    }
  }
}
