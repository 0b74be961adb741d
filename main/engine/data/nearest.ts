import type { Resampling } from './resample-in-script.ts';

/**
 * Pillow's resizing without a filter: the pixel under the centre of each (Geometry.c,
 * ImagingScaleAffine). Positions are summed up there, and so they are here.
 *
 * @param pixels height × width × 3, interleaved
 * @returns crop.height × crop.width × 3
 */
export function nearest(
  pixels: Uint8Array,
  { width, source, targetWidth, targetHeight, crop }: Omit<Resampling, 'interpolation'>,
): Uint8Array {
  const columns = places(source.width, targetWidth);
  const rows = places(source.height, targetHeight);
  const out = new Uint8Array(crop.height * crop.width * 3);
  let to = 0;
  for (let y = crop.top; y < crop.top + crop.height; y++) {
    const row = (source.top + rows[y]!) * width + source.left;
    for (let x = crop.left; x < crop.left + crop.width; x++) {
      const from = (row + columns[x]!) * 3;
      for (let c = 0; c < 3; c++) out[to++] = pixels[from + c]!;
    }
  }
  return out;
}

function places(size: number, target: number): Int32Array {
  const scale = size / target;
  const found = new Int32Array(target);
  let position = scale * 0.5;
  for (let i = 0; i < target; i++) {
    found[i] = Math.min(size - 1, Math.trunc(position));
    position += scale;
  }
  return found;
}
