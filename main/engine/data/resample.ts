import type { Filter } from '../../../shared/domain/preprocessing.ts';
import { nearest } from './nearest.ts';
import { packedResampling, pixelsAddon } from './pixels-addon.ts';
import {
  type Kernel,
  resampleFloatsInScript,
  resampleInScript,
  type Resampling,
} from './resample-in-script.ts';

/**
 * Resizes a part of an RGB image and returns a part of the result; only what that needs is computed.
 *
 * @param pixels height × width × 3, interleaved
 * @returns crop.height × crop.width × 3
 */
export function resample(
  pixels: Uint8Array,
  task: Omit<Resampling, 'interpolation'> & { readonly interpolation: Filter },
): Uint8Array {
  const { interpolation, ...rest } = task;
  if (interpolation === 'nearest') return nearest(pixels, rest);
  const weighted = { ...rest, interpolation };
  const addon = pixelsAddon();
  if (addon === null) return resampleInScript(pixels, weighted);
  const out = new Uint8Array(task.crop.height * task.crop.width * 3);
  addon.resample(pixels, packedResampling(weighted), out);
  return out;
}

/**
 * The same as PyTorch does it with antialias on floats: nothing is rounded to whole levels, and
 * levels beyond 0..255 stay.
 *
 * @returns crop.height × crop.width × 3, levels from 0 to 255
 */
export function resampleFloats(
  pixels: Uint8Array,
  task: Omit<Resampling, 'interpolation'> & { readonly interpolation: Kernel },
): Float32Array {
  const addon = pixelsAddon();
  if (addon === null) return resampleFloatsInScript(pixels, task);
  const out = new Float32Array(task.crop.height * task.crop.width * 3);
  addon.resampleFloats(pixels, packedResampling(task), out);
  return out;
}
