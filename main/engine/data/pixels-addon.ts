import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PIXELS } from '../../platform/addons.mjs';
import {
  type Kernel,
  resampleFloatsInScript,
  resampleInScript,
  type Resampling,
} from './resample-in-script.ts';

/**
 * Interface of main/native-ops/pixels: bit-identical to `resample.ts` and `preprocessing.ts`, but
 * faster.
 */
export interface PixelsAddon {
  /** Instruction sets usable on this CPU, best first. */
  readonly instructions: readonly string[];
  /**
   * @param task width of the image; left, top, width and height of the part of it; width and height
   * that it becomes; left, top, width and height of the crop; the place in `KERNELS`; the place in
   * `instructions`
   * @throws RangeError when a part exceeds its image, or `out` is not crop.height × crop.width × 3
   */
  resample(pixels: Uint8Array, task: Int32Array, out: Uint8Array): void;
  /** `resampleFloats`, with the same task, of which the last number is not used. */
  resampleFloats(pixels: Uint8Array, task: Int32Array, out: Float32Array): void;
  /**
   * @param pixels N × 3
   * @param levels 3 × 256, what each level of each channel becomes
   * @param out gets (3, N) from `offset` on
   * @throws RangeError when `out` is too short
   */
  normalise(pixels: Uint8Array, levels: Float32Array, out: Float32Array, offset: number): void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The addon as this thread uses it. */
type Found = { readonly addon: PixelsAddon } | { readonly off: string | null };

let found: Found | undefined;

/**
 * Loads the addon once per thread; null if set-up has not built it, it does not load, or its
 * self-check fails.
 */
export function pixelsAddon(): PixelsAddon | null {
  found ??= openAddon();
  return 'addon' in found ? found.addon : null;
}

/** Why the addon exists but is not used, as a clause; null when it is used or was never built. */
export function pixelsOff(): string | null {
  found ??= openAddon();
  return 'addon' in found ? null : found.off;
}

function openAddon(): Found {
  const path = join(ROOT, PIXELS);
  if (!existsSync(path)) return { off: null };
  try {
    const addon = createRequire(import.meta.url)(path) as PixelsAddon;
    const fault = pixelsFault(addon);
    return fault === null ? { addon } : { off: fault };
  } catch (error) {
    // Built for a C library that this system lacks.
    const message = error instanceof Error ? error.message : String(error);
    return { off: `it does not run (${message.split('\n', 1)[0] ?? ''})` };
  }
}

/** In the order of the addon. */
export const KERNELS = [
  'bilinear',
  'bicubic',
  'box',
  'hamming',
  'lanczos',
] as const satisfies Kernel[];

/**
 * Numeric codes of the addon's parameters: see main/native-ops/pixels/addon.cc.
 *
 * @param isa index in the addon's `instructions`; 0 is the best
 */
export function packedResampling(
  { width, source, targetWidth, targetHeight, crop, interpolation }: Resampling,
  isa = 0,
): Int32Array {
  return Int32Array.of(
    width,
    ...[source.left, source.top, source.width, source.height],
    ...[targetWidth, targetHeight],
    ...[crop.left, crop.top, crop.width, crop.height],
    KERNELS.indexOf(interpolation),
    isa,
  );
}

/**
 * Self-check: compares the addon with the script, bit for bit, on a tiny image resized and
 * normalised in a few ways.
 * @returns what differs, as a clause; null if nothing does
 */
export function pixelsFault(addon: Omit<PixelsAddon, 'instructions'>): string | null {
  const [width, height] = [23, 19];
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * i * 37) >>> 3);
  const source = { left: 2, top: 1, width: 20, height: 17 };
  for (const interpolation of KERNELS) {
    for (const [across, down] of [
      [7, 6],
      [31, 25],
      [20, 9],
      [33, 17],
    ] as const) {
      const crop = { left: 1, top: 1, width: across - 2, height: down - 1 };
      const target = { targetWidth: across, targetHeight: down };
      const task = { width, source, ...target, crop, interpolation };
      const wanted = resampleInScript(pixels, task);
      const made = new Uint8Array(wanted.length);
      addon.resample(pixels, packedResampling(task), made);
      if (Buffer.compare(made, wanted) !== 0) return 'a known image came to other pixels';
      const floats = resampleFloatsInScript(pixels, task);
      const madeFloats = new Float32Array(floats.length);
      addon.resampleFloats(pixels, packedResampling(task), madeFloats);
      if (floats.some((level, i) => level !== madeFloats[i]))
        return 'a known image came to other levels';
    }
  }
  const levels = Float32Array.from({ length: 3 * 256 }, (_, i) => i / 7 - 50);
  const area = width * height;
  const planes = new Float32Array(1 + 3 * area);
  addon.normalise(pixels, levels, planes, 1);
  const isRight = planes.every(
    (value, i) =>
      i === 0 ||
      value ===
        levels[
          256 * Math.floor((i - 1) / area) +
            pixels[3 * ((i - 1) % area) + Math.floor((i - 1) / area)]!
        ],
  );
  return isRight ? null : 'a known image came to other planes';
}
