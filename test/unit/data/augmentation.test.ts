import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { rotationMap, translate, warp } from '../../../main/engine/data/affine.ts';
import { Augmenter, drawCrop, workingRule } from '../../../main/engine/data/augmentation.ts';
import {
  autoContrast,
  brightness,
  contrast,
  equalize,
  posterize,
  saturation,
  sharpness,
  solarize,
} from '../../../main/engine/data/colour.ts';
import type { RgbImage } from '../../../main/engine/data/preprocessing.ts';
import { drawBeta, mixRows } from '../../../main/engine/data/mixup.ts';
import { randAugment } from '../../../main/engine/data/rand-augment.ts';
import { randomStream } from '../../../main/engine/random.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { type AugmentationOptions, NO_AUGMENTATION } from '../../../shared/domain/training.ts';
import { difference } from './fixtures.ts';

const SIDE = 8;
const PREPROCESSING: Preprocessing = {
  imageSize: SIDE,
  interpolation: 'bilinear',
  cropFraction: 1,
  cropMode: 'center',
  mean: [0.2, 0.4, 0.6],
  std: [0.5, 0.5, 0.5],
};

/** Red holds the column, green the row, blue is noise. */
function picture(width = SIDE, height = SIDE): RgbImage {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      pixels.set([x * 10, y * 10, (x * 37 + y * 91) % 256], (y * width + x) * 3);
  return { width, height, pixels };
}

const pixel = (pixels: Uint8Array, x: number, y: number, side = SIDE) => [
  ...pixels.subarray((y * side + x) * 3, (y * side + x) * 3 + 3),
];

function augment(options: Partial<AugmentationOptions>, key: number, image = picture()) {
  const augmenter = new Augmenter(PREPROCESSING, { ...NO_AUGMENTATION, ...options });
  return augmenter.apply(image, randomStream(0, 'augment', 0, key));
}

describe('Augmenter', () => {
  test('with everything off gives the image, without changing it', () => {
    const image = picture();
    const before = image.pixels.slice();
    const out = augment({}, 0, image);
    expect(out).toEqual(before);
    augment({ flip: true, colorJitter: 1, randAugmentOps: 3, rotation: 40, padCrop: 2 }, 1, image);
    expect(image.pixels).toEqual(before);
  });

  test('flips about half of the images, each exactly', () => {
    const { pixels } = picture();
    let flipped = 0;
    for (let key = 0; key < 400; key++) {
      const out = augment({ flip: true }, key);
      if (out[0] === 0) {
        expect(out).toEqual(pixels);
        continue;
      }
      flipped++;
      for (let x = 0; x < SIDE; x++)
        expect(pixel(out, x, 3)).toEqual(pixel(pixels, SIDE - 1 - x, 3));
    }
    expect(Math.abs(flipped - 200)).toBeLessThan(40);
  });

  test('pads and crops: every shift up to the limit comes up, and what comes in is black', () => {
    const { pixels } = picture();
    const shifts = new Set<string>();
    for (let key = 0; key < 600; key++) {
      const out = augment({ padCrop: 2 }, key);
      // The source pixel (4, 4) stays inside after any shift by up to 2.
      const marker = pixel(pixels, 4, 4);
      let found: [number, number] | null = null;
      for (let y = 2; y <= 6; y++)
        for (let x = 2; x <= 6; x++)
          if (pixel(out, x, y).join() === marker.join()) found = [x - 4, y - 4];
      expect(found).not.toBeNull();
      const [right, down] = found!;
      shifts.add(`${right},${down}`);
      if (right > 0) expect(pixel(out, 0, 4)).toEqual([0, 0, 0]);
      if (down < 0) expect(pixel(out, 4, SIDE - 1)).toEqual([0, 0, 0]);
    }
    expect(shifts.size).toBe(25);
  });

  test('rotation fills with the mean colour and keeps the middle', () => {
    const out = augment({ rotation: 45 }, 3);
    const degrees = (2 * randomStream(0, 'augment', 0, 3).uniform() - 1) * 45;
    expect(out).toEqual(warp(picture().pixels, SIDE, rotationMap(degrees), [51, 102, 153]));
    expect(Math.abs(degrees)).toBeGreaterThan(5);
  });

  test('crops keep their area and aspect within the limits', () => {
    let smallest = Infinity;
    for (let key = 0; key < 2000; key++) {
      const c = drawCrop(60, 45, 0.3, randomStream(key));
      expect(c.left >= 0 && c.top >= 0 && c.left + c.width <= 60 && c.top + c.height <= 45).toBe(
        true,
      );
      const ratio = c.width / c.height;
      expect(ratio > 0.7 && ratio < 1.4).toBe(true);
      smallest = Math.min(smallest, (c.width * c.height) / 2700);
    }
    expect(smallest).toBeGreaterThan(0.28);
    expect(smallest).toBeLessThan(0.34);
  });

  test('a shape that no crop fits gets the largest central one', () => {
    expect(drawCrop(400, 10, 0.9, randomStream(0))).toEqual({
      left: 193,
      top: 0,
      width: 13,
      height: 10,
    });
    expect(drawCrop(10, 400, 0.9, randomStream(0))).toEqual({
      left: 0,
      top: 193,
      width: 10,
      height: 13,
    });
    expect(drawCrop(1, 1, 0.01, randomStream(0))).toEqual({ left: 0, top: 0, width: 1, height: 1 });
  });

  test('random resized crops are cut from the whole image, reduced to 1.5 times the side', () => {
    const rule = workingRule(PREPROCESSING, { ...NO_AUGMENTATION, cropScaleMin: 0.5 });
    const working = rule.apply(picture(24, 20));
    expect([working.width, working.height]).toEqual([14, 12]);
    expect(rule.apply(picture(9, 20)).height).toBe(20);
    const out = augment({ cropScaleMin: 0.5 }, 1, working);
    expect(out.length).toBe(SIDE * SIDE * 3);
    // Red increases to the right in every crop of this picture.
    expect(out[0]!).toBeLessThan(out[(SIDE - 1) * 3]!);
    expect(workingRule(PREPROCESSING, NO_AUGMENTATION).name).toBe('center-8-of-8-bilinear');
    expect(rule.name).toBe('whole-12-bilinear');
  });

  test('is a function of the stream alone', () => {
    const all = {
      cropScaleMin: 0.3,
      padCrop: 1,
      flip: true,
      rotation: 10,
      colorJitter: 0.5,
      randAugmentOps: 2,
    };
    const image = picture(20, 15);
    for (let key = 0; key < 20; key++)
      expect(augment(all, key, image)).toEqual(augment(all, key, image));
    expect(augment(all, 0, image)).not.toEqual(augment(all, 1, image));
  });
});

describe('geometry', () => {
  test('a quarter turn moves every pixel to its place', () => {
    const { pixels } = picture();
    const out = warp(pixels, SIDE, rotationMap(90), [0, 0, 0]);
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++)
        expect(difference(pixel(out, x, y), pixel(pixels, y, SIDE - 1 - x)).max).toBeLessThan(2);
  });

  test('half a pixel of shift is the mean of two', () => {
    const { pixels } = picture();
    const out = warp(pixels, SIDE, { a: 1, b: 0, c: 0.5, d: 0, e: 1, f: 0 }, [255, 255, 255]);
    expect(pixel(out, 2, 2).slice(0, 2)).toEqual([25, 20]);
    // At the edge one of the two is the fill value.
    expect(pixel(out, 7, 0)[0]).toBe(163);
  });

  test('translation by more than the side leaves black', () => {
    expect(new Set(translate(picture().pixels, SIDE, 9, 0))).toEqual(new Set([0]));
    expect(new Set(translate(picture().pixels, SIDE, 0, -9))).toEqual(new Set([0]));
  });
});

describe('colour', () => {
  // Expected values come from Pillow: ImageEnhance and ImageOps on a 3 × 1 image.
  const three = () => Uint8Array.of(10, 200, 30, 250, 128, 0, 90, 90, 90);
  const changed = (change: (pixels: Uint8Array) => void) => {
    const pixels = three();
    change(pixels);
    return [...pixels];
  };

  test.each<[string, (pixels: Uint8Array) => void, number[]]>([
    ['brightness 0.5', (p) => brightness(p, 0.5), [5, 100, 15, 125, 64, 0, 45, 45, 45]],
    ['brightness 1.7', (p) => brightness(p, 1.7), [17, 255, 51, 255, 217, 0, 153, 153, 153]],
    ['contrast 0.4', (p) => contrast(p, 0.4), [76, 152, 84, 172, 123, 72, 108, 108, 108]],
    ['contrast 1.9', (p) => contrast(p, 1.9), [0, 255, 0, 255, 134, 0, 62, 62, 62]],
    ['saturation 0', (p) => saturation(p, 0), [124, 124, 124, 150, 150, 150, 90, 90, 90]],
    ['saturation 1.6', (p) => saturation(p, 1.6), [0, 245, 0, 255, 114, 0, 90, 90, 90]],
    ['posterize 3', (p) => posterize(p, 3), [0, 192, 0, 224, 128, 0, 64, 64, 64]],
    ['solarize 128', (p) => solarize(p, 128), [10, 55, 30, 5, 127, 0, 90, 90, 90]],
    ['autocontrast', autoContrast, [0, 255, 85, 255, 88, 0, 85, 0, 255]],
  ])('%s', (_n, change, expected) => {
    expect(changed(change)).toEqual(expected);
  });

  test('factor 1 changes nothing', () => {
    for (const change of [brightness, contrast, saturation])
      expect(changed((p) => change(p, 1))).toEqual([...three()]);
    const { pixels } = picture();
    const copy = pixels.slice();
    sharpness(copy, SIDE, 1);
    expect(copy).toEqual(pixels);
  });

  test('sharpness 0 smooths the inside and leaves the border', () => {
    const pixels = new Uint8Array(27);
    pixels[12] = 130;
    sharpness(pixels, 3, 0);
    expect(pixels[12]).toBe(50);
    expect(pixels.filter((v, i) => i !== 12 && v !== 0)).toHaveLength(0);
  });

  test('equalising and sharpening give the bytes that Pillow gives', () => {
    const pixels = new Uint8Array(32 * 32 * 3);
    for (let i = 0; i < 1024; i++) {
      const [x, y] = [i % 32, i >> 5];
      pixels.set([x * 5, y * 5, (x * 37 + y * 91) % 256], i * 3);
    }
    const equalized = pixels.slice();
    equalize(equalized);
    expect(createHash('sha256').update(equalized).digest('hex')).toBe(
      'bef51d0858f8e65ce273bcf45b54e0c7b9d2b0dd3efdb7e40ea7c28cb3baff95',
    );
    sharpness(pixels, 32, 1.8);
    expect(createHash('sha256').update(pixels).digest('hex')).toBe(
      'ce4c34cbff0b52efda2ab052e5f848287f332ac17477d0f6ce21b91a02b92f4c',
    );
  });

  test('a flat image survives equalising and stretching', () => {
    const flat = new Uint8Array(300).fill(80);
    autoContrast(flat);
    equalize(flat);
    expect(new Set(flat)).toEqual(new Set([80]));
  });
});

describe('randAugment', () => {
  test('draws every operation, keeps the size and does nothing at magnitude 0 but to histograms', () => {
    const results = new Set<string>();
    for (let key = 0; key < 300; key++) {
      const out = randAugment(picture().pixels, SIDE, 1, 7, [0, 0, 0], randomStream(key));
      expect(out.length).toBe(SIDE * SIDE * 3);
      results.add(out.join());
    }
    // Nine of the 14 operations have two signs; 64 pixels are too few for equalize to have an
    // effect.
    expect(results.size).toBe(14 + 9 - 1);
    const still = new Set<string>();
    for (let key = 0; key < 300; key++)
      still.add(randAugment(picture().pixels, SIDE, 1, 0, [0, 0, 0], randomStream(key)).join());
    expect(still.size).toBeLessThanOrEqual(3);
  });
});

describe('mixup', () => {
  test('blends each row with the one opposite and leaves out rows without an image', () => {
    const pixels = Float32Array.of(1, 2, 10, 20, 100, 200, 1000, 2000, 7, 7);
    const partners = mixRows(pixels, Int32Array.of(5, 6, 7, -1, 9), 0.75);
    expect([...partners]).toEqual([4, 1, 2, 3, 0]);
    expect([...pixels]).toEqual([2.5, 3.25, 10, 20, 100, 200, 1000, 2000, 5.5, 5.75]);
  });

  test.each([0.2, 1, 4])('lambda follows Beta(%s, %s)', (alpha) => {
    const n = 20_000;
    const stream = randomStream(3, 'beta', alpha);
    let mean = 0;
    let square = 0;
    for (let i = 0; i < n; i++) {
      const x = drawBeta(alpha, stream);
      if (!(x >= 0 && x <= 1)) throw new Error(`${x}`);
      mean += x / n;
      square += (x - 0.5) ** 2 / n;
    }
    const variance = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(variance / n));
    expect(Math.abs(square / variance - 1)).toBeLessThan(0.05);
  });
});
