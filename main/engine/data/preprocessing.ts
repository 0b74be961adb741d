import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { pixelsAddon } from './pixels-addon.ts';
import { resample } from './resample.ts';
import type { Rectangle } from './resample-in-script.ts';

/** An RGB image of 8 bits: height × width × 3, interleaved. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Position of the model's square in the resized image. */
export interface EvaluationGeometry {
  readonly resizedWidth: number;
  readonly resizedHeight: number;
  readonly crop: Rectangle;
}

/** Python's round(n / 2) for whole n ≥ 0: ties go to the even number. */
function roundHalf(n: number): number {
  const half = Math.floor(n / 2);
  return n % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

/**
 * Sizes and crop of timm's evaluation transform (timm/data/transforms_factory.py, transforms_imagenet_eval, on
 * torchvision's Resize and CenterCrop): in mode `center` the shorter side becomes floor(imageSize / cropFraction)
 * and the longer one keeps the ratio, rounded down; in mode `squash` both sides become that. The square is cut
 * from the centre.
 */
export function evaluationGeometry(
  width: number,
  height: number,
  { imageSize, cropFraction, cropMode }: Preprocessing,
): EvaluationGeometry {
  const side = Math.max(imageSize, Math.floor(imageSize / cropFraction));
  const { width: resizedWidth, height: resizedHeight } =
    cropMode === 'squash' ? { width: side, height: side } : shorterSideTo(width, height, side);
  return {
    resizedWidth,
    resizedHeight,
    crop: {
      left: roundHalf(resizedWidth - imageSize),
      top: roundHalf(resizedHeight - imageSize),
      width: imageSize,
      height: imageSize,
    },
  };
}

function shorterSideTo(width: number, height: number, side: number) {
  return width <= height
    ? { width: side, height: Math.floor((side * height) / width) }
    : { width: Math.floor((side * width) / height), height: side };
}

/** The evaluation transform up to, but without, scaling and normalising: imageSize × imageSize × 3. */
export function evaluationPixels(image: RgbImage, preprocessing: Preprocessing): Uint8Array {
  const { resizedWidth, resizedHeight, crop } = evaluationGeometry(
    image.width,
    image.height,
    preprocessing,
  );
  const whole = { left: 0, top: 0, width: image.width, height: image.height };
  return resample(image.pixels, {
    width: image.width,
    source: whole,
    targetWidth: resizedWidth,
    targetHeight: resizedHeight,
    crop,
    interpolation: preprocessing.interpolation,
  });
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

/** Turns 8-bit RGB into normalised float planes. */
export class Normaliser {
  /** (3, 256): per channel the value of each of the levels, in the float32 arithmetic of torchvision. */
  readonly #levels = new Float32Array(3 * 256);

  constructor({ mean, std }: Pick<Preprocessing, 'mean' | 'std'>) {
    for (let c = 0; c < 3; c++) {
      const m = Math.fround(mean[c]!);
      const s = Math.fround(std[c]!);
      for (let level = 0; level < 256; level++)
        this.#levels[256 * c + level] = Math.fround(Math.fround(level / 255) - m) / s;
    }
  }

  /** Writes `pixels` (S × S × 3) as planes (3, S, S) to `out` from `offset` on. */
  write(pixels: Uint8Array, out: Float32Array, offset: number): void {
    const addon = pixelsAddon();
    if (addon === null) this.writeInScript(pixels, out, offset);
    else addon.normalise(pixels, this.#levels, out, offset);
  }

  /** `write` without the addon. */
  writeInScript(pixels: Uint8Array, out: Float32Array, offset: number): void {
    const area = pixels.length / 3;
    for (let c = 0; c < 3; c++) {
      const levels = this.#levels.subarray(256 * c, 256 * (c + 1));
      let to = offset + c * area;
      for (let from = c; from < pixels.length; from += 3) out[to++] = levels[pixels[from]!]!;
    }
  }
}
