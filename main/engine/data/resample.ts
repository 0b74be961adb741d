import { packedResampling, pixelsAddon } from './pixels-addon.ts';
import { resampleInScript, type Resampling } from './resample-in-script.ts';

/**
 * Resizes a part of an RGB image and returns a part of the result; only what that needs is computed.
 *
 * @param pixels height × width × 3, interleaved
 * @returns crop.height × crop.width × 3
 */
export function resample(pixels: Uint8Array, task: Resampling): Uint8Array {
  const addon = pixelsAddon();
  if (addon === null) return resampleInScript(pixels, task);
  const out = new Uint8Array(task.crop.height * task.crop.width * 3);
  addon.resample(pixels, packedResampling(task), out);
  return out;
}
