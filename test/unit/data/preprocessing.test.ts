import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadForEvaluation } from '../../../main/engine/data/batch-maker.ts';
import {
  evaluationGeometry,
  evaluationPixels,
  reduceTo,
} from '../../../main/engine/data/preprocessing.ts';
import { readImage } from '../../../main/formats/image.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { difference, IMAGES, readReferences } from './fixtures.ts';

const PREPROCESSING: Preprocessing = {
  imageSize: 224,
  interpolation: 'bicubic',
  cropFraction: 0.9,
  cropMode: 'center',
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

describe('evaluationGeometry', () => {
  const place = (width: number, height: number, options: Partial<Preprocessing> = {}) => {
    const { resizedWidth, resizedHeight, crop } = evaluationGeometry(width, height, {
      ...PREPROCESSING,
      ...options,
    });
    return [resizedWidth, resizedHeight, crop.left, crop.top];
  };

  test('follows torchvision: long side rounded down, odd margins rounded to even halves', () => {
    expect(place(640, 480)).toEqual([330, 248, 53, 12]); // 248 · 640 / 480 = 330.67
    expect(place(480, 640)).toEqual([248, 330, 12, 53]);
    expect(place(100, 100)).toEqual([248, 248, 12, 12]);
    // Margins of 1, 3 and 5: their halves 0.5, 1.5 and 2.5 round to 0, 2 and 2.
    for (const [side, left] of [
      [225, 0],
      [227, 2],
      [229, 2],
    ] as const)
      expect(place(9, 9, { cropFraction: 224 / side })).toEqual([side, side, left, left]);
  });

  test('squash takes both sides to the same size and cuts the same square', () => {
    expect(place(640, 480, { cropMode: 'squash' })).toEqual([248, 248, 12, 12]);
    expect(place(640, 480, { cropMode: 'squash', cropFraction: 1 })).toEqual([224, 224, 0, 0]);
  });
});

describe('the evaluation transform', () => {
  test('is timm and PIL bit for bit where there is no colour profile', async () => {
    const { references } = await readReferences('reference.safetensors');
    const seen = new Set<string>();
    for (const { kind, file, preprocessing, bytes } of references) {
      if (kind !== 'timm' || file === 'wide-gamut.jpg') continue;
      const pixels = evaluationPixels(await readImage(join(IMAGES, file)), preprocessing!);
      expect({ file, preprocessing, ...difference(pixels, bytes) }).toEqual({
        file,
        preprocessing,
        mean: 0,
        max: 0,
      });
      seen.add(`${preprocessing!.interpolation} ${preprocessing!.cropMode}`);
    }
    expect([...seen].sort()).toEqual(['bicubic center', 'bicubic squash', 'bilinear center']);
  });

  test('converts an embedded profile to sRGB as PIL does when it is told to', async () => {
    const { references } = await readReferences('reference.safetensors');
    const managed = references.filter(({ kind }) => kind === 'srgb');
    expect(managed).toHaveLength(3);
    for (const { file, preprocessing, bytes } of managed) {
      const pixels = evaluationPixels(await readImage(join(IMAGES, file)), preprocessing!);
      const { mean, max } = difference(pixels, bytes);
      expect(mean).toBeLessThan(0.02);
      expect(max).toBeLessThanOrEqual(2);
    }
  });

  test('normalises as torchvision does', async () => {
    const { references } = await readReferences('reference.safetensors');
    const { file, preprocessing, bytes, shape } = references.find((r) => r.kind === 'normalised')!;
    const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    const values = await loadForEvaluation(join(IMAGES, file), preprocessing!);
    expect(shape).toEqual([3, 32, 32]);
    expect(difference(values, expected).max).toBe(0);
  });

  const photographs = process.env['KARST_PHOTOGRAPHS'];
  test.skipIf(photographs === undefined)(
    'is within 1/255 of timm and PIL on photographs, half of them with a profile that PIL ignores',
    async () => {
      const { references, metadata } = await readReferences('photographs.safetensors');
      const files = JSON.parse(metadata.get('files')!) as Record<string, string>;
      let sum = 0;
      let count = 0;
      for (const { kind, file, preprocessing, bytes } of references) {
        const image = await readImage(join(photographs!, files[file]!));
        const { mean, max } = difference(evaluationPixels(image, preprocessing!), bytes);
        if (kind === 'timm') {
          sum += mean;
          count++;
          if (file < 'hand-5') expect(max).toBe(0);
        } else {
          expect(mean).toBeLessThan(0.02);
        }
      }
      expect(count).toBe(30);
      expect(sum / count).toBeLessThan(1);
    },
  );
});

describe('reduceTo', () => {
  const image = { width: 40, height: 30, pixels: new Uint8Array(40 * 30 * 3).fill(77) };

  test('reduces the shorter side and keeps the ratio', () => {
    const { width, height, pixels } = reduceTo(image, 15, 'bicubic');
    expect([width, height, pixels.length]).toEqual([20, 15, 900]);
    expect(new Set(pixels)).toEqual(new Set([77]));
  });

  test('leaves a smaller image alone', () => {
    expect(reduceTo(image, 30, 'bicubic')).toBe(image);
    expect(reduceTo(image, 100, 'bicubic')).toBe(image);
  });
});
