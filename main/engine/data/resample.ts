import { pixelsAddon } from './pixels-addon.ts';
import { type Interpolation, type Rectangle, resampleInScript } from './resample-in-script.ts';

/**
 * Resizes the part `source` of an RGB image to `targetWidth` × `targetHeight` and returns the part
 * `crop` of the result; only what the crop needs is computed. Pixels outside `source` are not read,
 * as if it had been cropped first.
 *
 * @param pixels height × width × 3, interleaved, with rows of `width` pixels
 * @returns crop.height × crop.width × 3
 */
export function resample(
  pixels: Uint8Array,
  width: number,
  source: Rectangle,
  targetWidth: number,
  targetHeight: number,
  crop: Rectangle,
  interpolation: Interpolation,
): Uint8Array {
  const addon = pixelsAddon();
  if (addon === null)
    return resampleInScript(pixels, width, source, targetWidth, targetHeight, crop, interpolation);
  const out = new Uint8Array(crop.height * crop.width * 3);
  const { left, top, width: across, height: down } = source;
  const bicubic = interpolation === 'bicubic' ? 1 : 0;
  const wanted = [crop.left, crop.top, crop.width, crop.height] as const;
  addon.resample(
    pixels,
    Int32Array.of(width, left, top, across, down, targetWidth, targetHeight, ...wanted, bicubic, 0),
    out,
  );
  return out;
}
