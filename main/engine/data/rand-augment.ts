import type { RandomStream } from '../random.ts';
import { type Colour, rotationMap, warp } from './affine.ts';
import {
  autoContrast,
  brightness,
  contrast,
  equalize,
  posterize,
  saturation,
  sharpness,
  solarize,
} from './colour.ts';

/** `strength` is magnitude / 10, 0..1; `sign` is drawn evenly from -1 and 1. Returns the image, changed in place or new. */
type Operation = (
  pixels: Uint8Array,
  side: number,
  strength: number,
  sign: number,
  fill: Colour,
) => Uint8Array;

const inPlace =
  (change: (pixels: Uint8Array, side: number, strength: number, sign: number) => void): Operation =>
  (pixels, side, strength, sign) => {
    change(pixels, side, strength, sign);
    return pixels;
  };

const IDENTITY = { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 };

/** Largest shift as a share of the side: AutoAugment's 150 pixels of 331. */
const SHIFT = 150 / 331;

/** The fourteen operations and ranges of RandAugment (Cubuk et al., arXiv 1909.13719) as torchvision has them. */
const OPERATIONS: readonly Operation[] = [
  (pixels) => pixels,
  inPlace((pixels) => autoContrast(pixels)),
  inPlace((pixels) => equalize(pixels)),
  inPlace((pixels, _side, strength) => posterize(pixels, 8 - Math.round(4 * strength))),
  inPlace((pixels, _side, strength) => solarize(pixels, 256 * (1 - strength))),
  inPlace((pixels, _side, strength, sign) => saturation(pixels, 1 + sign * 0.9 * strength)),
  inPlace((pixels, _side, strength, sign) => contrast(pixels, 1 + sign * 0.9 * strength)),
  inPlace((pixels, _side, strength, sign) => brightness(pixels, 1 + sign * 0.9 * strength)),
  inPlace((pixels, side, strength, sign) => sharpness(pixels, side, 1 + sign * 0.9 * strength)),
  (pixels, side, strength, sign, fill) =>
    warp(pixels, side, rotationMap(sign * 30 * strength), fill),
  (pixels, side, strength, sign, fill) =>
    warp(pixels, side, { ...IDENTITY, b: sign * 0.3 * strength }, fill),
  (pixels, side, strength, sign, fill) =>
    warp(pixels, side, { ...IDENTITY, d: sign * 0.3 * strength }, fill),
  (pixels, side, strength, sign, fill) =>
    warp(pixels, side, { ...IDENTITY, c: sign * Math.round(SHIFT * side * strength) }, fill),
  (pixels, side, strength, sign, fill) =>
    warp(pixels, side, { ...IDENTITY, f: sign * Math.round(SHIFT * side * strength) }, fill),
];

/**
 * Applies `operations` of the fourteen, drawn evenly and with replacement, all at one magnitude.
 *
 * @param pixels side × side × 3; may be changed
 * @param magnitude 0..10
 * @param fill colour of what geometric operations bring in
 */
export function randAugment(
  pixels: Uint8Array,
  side: number,
  operations: number,
  magnitude: number,
  fill: Colour,
  stream: RandomStream,
): Uint8Array {
  let image = pixels;
  for (let i = 0; i < operations; i++) {
    const operation = OPERATIONS[stream.integer(OPERATIONS.length)]!;
    const sign = stream.integer(2) === 0 ? -1 : 1;
    image = operation(image, side, magnitude / 10, sign, fill);
  }
  return image;
}
