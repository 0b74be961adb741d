import { describe, expect, test } from 'vitest';
import {
  KERNELS,
  packedResampling,
  type PixelsAddon,
  pixelsAddon,
  pixelsFault,
  pixelsOff,
} from '../../../main/engine/data/pixels-addon.ts';
import { Normaliser } from '../../../main/engine/data/preprocessing.ts';
import {
  resampleFloatsInScript,
  resampleInScript,
} from '../../../main/engine/data/resample-in-script.ts';
import { type RandomStream, randomStream } from '../../../main/engine/random.ts';

const addon = pixelsAddon();

/**
 * Noise with many values at 0 and 255, so that sums leave 0..255. In shared memory, like cached
 * images.
 */
function noise(length: number, stream: RandomStream): Uint8Array {
  const pixels = new Uint8Array(new SharedArrayBuffer(length));
  for (let i = 0; i < length; i++)
    pixels[i] = stream.integer(3) === 0 ? 255 * stream.integer(2) : stream.integer(256);
  return pixels;
}

/** A random part of 0 … length - 1. */
function part(length: number, stream: RandomStream): [begin: number, size: number] {
  const begin = stream.integer(length);
  return [begin, 1 + stream.integer(length - begin)];
}

describe.skipIf(addon === null)('the addon', () => {
  const { resample, resampleFloats, normalise, instructions } = addon ?? ({} as PixelsAddon);

  test('resamples to the bits of the script, with every set of instructions', () => {
    const stream = randomStream(7, 'augment', 0);
    for (let round = 0; round < 600; round++) {
      // Occasionally one side is long, so that there are many weights.
      const width = 1 + stream.integer(round % 8 === 0 ? 500 : 60);
      const height = 1 + stream.integer(round % 8 === 1 ? 500 : 60);
      const pixels = noise(width * height * 3, stream);
      const [left, across] = part(width, stream);
      const [top, down] = part(height, stream);
      const targetWidth = stream.integer(6) === 0 ? across : 1 + stream.integer(100);
      const targetHeight = stream.integer(6) === 0 ? down : 1 + stream.integer(100);
      const [cropLeft, cropWidth] = part(targetWidth, stream);
      const [cropTop, cropHeight] = part(targetHeight, stream);
      const interpolation = KERNELS[stream.integer(KERNELS.length)]!;
      const resampling = {
        width,
        source: { left, top, width: across, height: down },
        targetWidth,
        targetHeight,
        crop: { left: cropLeft, top: cropTop, width: cropWidth, height: cropHeight },
        interpolation,
      } as const;
      const wanted = resampleInScript(pixels, resampling);
      for (const [set, name] of instructions.entries()) {
        const task = packedResampling(resampling, set);
        const made = new Uint8Array(wanted.length);
        resample(pixels, task, made);
        if (Buffer.compare(made, wanted) !== 0)
          expect.fail(`${name} differs from the script for ${task.join(', ')}`);
      }
      const floats = new Float32Array(wanted.length);
      resampleFloats(pixels, packedResampling(resampling), floats);
      expect(floats).toEqual(resampleFloatsInScript(pixels, resampling));
    }
  });

  test('finds nothing when it checks itself, and is used', () => {
    expect(pixelsOff()).toBeNull();
    expect(pixelsFault({ resample, resampleFloats, normalise })).toBeNull();
  });

  test('stays off when it makes one pixel or one plane otherwise', () => {
    const wrongPixel: PixelsAddon['resample'] = (pixels, task, out) => {
      resample(pixels, task, out);
      out.set([(out.at(-1) ?? 0) ^ 1], out.length - 1);
    };
    expect(pixelsFault({ resample: wrongPixel, resampleFloats, normalise })).toBe(
      'a known image came to other pixels',
    );
    const wrongLevel: PixelsAddon['resampleFloats'] = (pixels, task, out) => {
      resampleFloats(pixels, task, out);
      out.set([(out.at(-1) ?? 0) + 1], out.length - 1);
    };
    expect(pixelsFault({ resample, resampleFloats: wrongLevel, normalise })).toBe(
      'a known image came to other levels',
    );
    const wrongPlane: PixelsAddon['normalise'] = (pixels, levels, out, offset) => {
      normalise(pixels, levels, out, offset);
      out.set([0], out.length - 1);
    };
    expect(pixelsFault({ resample, resampleFloats, normalise: wrongPlane })).toBe(
      'a known image came to other planes',
    );
  });

  test('normalises to the bits of the script', () => {
    const normaliser = new Normaliser({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
    const pixels = noise(17 * 17 * 3, randomStream(8, 'augment', 0));
    const made = new Float32Array(5 + pixels.length + 2).fill(-9);
    const wanted = made.slice();
    normaliser.write(pixels, made, 5);
    normaliser.writeInScript(pixels, wanted, 5);
    expect(made).toEqual(wanted);
  });

  test('refuses what lies outside of the image, the result or the place for it', () => {
    const pixels = new Uint8Array(10 * 10 * 3);
    const out = new Uint8Array(4 * 4 * 3);
    const good = [10, 0, 0, 10, 10, 5, 5, 0, 0, 4, 4, 1, 0];
    const changed = (place: number, value: number) => Int32Array.from(good.with(place, value));
    expect(() => {
      resample(pixels, Int32Array.from(good), out);
    }).not.toThrow();
    for (const task of [
      ...[changed(0, 0), changed(0, 11), changed(1, 1), changed(2, -1), changed(4, 11)],
      ...[changed(5, 3), changed(6, 0), changed(7, 2), changed(9, 5), changed(10, 0)],
      ...[changed(11, -1), changed(11, 5)],
      Int32Array.from(good.slice(1)),
    ])
      expect(() => {
        resample(pixels, task, out);
      }, task.join(', ')).toThrow(RangeError);
    expect(() => {
      resampleFloats(pixels, changed(4, 11), new Float32Array(48));
    }).toThrow(RangeError);
    expect(() => {
      resampleFloats(pixels, Int32Array.from(good), new Float32Array(47));
    }).toThrow(RangeError);
    expect(() => {
      resample(new Uint8Array(0), Int32Array.from(good), out);
    }).toThrow(RangeError);
    expect(() => {
      normalise(out, new Float32Array(768), new Float32Array(48), 1);
    }).toThrow(RangeError);
  });
});
