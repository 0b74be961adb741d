import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

let loaded: PixelsAddon | null | undefined;

/** Loads the addon once a thread; null where the set-up has not built it or it does not load. */
export function pixelsAddon(): PixelsAddon | null {
  if (loaded === undefined) loaded = openAddon();
  return loaded;
}

function openAddon(): PixelsAddon | null {
  const path = join(ROOT, PIXELS);
  if (!existsSync(path)) return null;
  try {
    return createRequire(import.meta.url)(path) as PixelsAddon;
  } catch {
    // Built elsewhere, for a C library that is not here.
    return null;
  }
}
