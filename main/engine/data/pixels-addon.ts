import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PIXELS } from '../../native/pixels-place.mjs';

/** main/engine/pixels as JavaScript sees it: the same bits as `resample.ts` and `preprocessing.ts` make, sooner. */
export interface PixelsAddon {
  /** Sets of instructions that this processor has passes for, the best first. */
  readonly instructions: readonly string[];
  /**
   * @param task width of the image; left, top, width and height of the part of it; width and height that it becomes;
   * left, top, width and height of the crop; 1 for bicubic, 0 for bilinear; the place in `instructions`
   * @throws RangeError when a part lies outside of what it is a part of, or `out` is not crop.height × crop.width × 3
   */
  resample(pixels: Uint8Array, task: Int32Array, out: Uint8Array): void;
  /**
   * @param pixels N × 3
   * @param levels 3 × 256, what each level of each channel becomes
   * @param out gets (3, N) from `offset` on
   * @throws RangeError when `out` is too short
   */
  normalise(pixels: Uint8Array, levels: Float32Array, out: Float32Array, offset: number): void;
}

let loaded: PixelsAddon | null | undefined;

/** Loads the addon once a thread, where the set-up has built it. */
export function pixelsAddon(): PixelsAddon | null {
  if (loaded === undefined) loaded = openAddon();
  return loaded;
}

function openAddon(): PixelsAddon | null {
  const require = createRequire(import.meta.url);
  const path = join(dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json')), PIXELS);
  return existsSync(path) ? (require(path) as PixelsAddon) : null;
}
