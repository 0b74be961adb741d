import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codePointTransform, matrixTransform } from '../../../main/formats/colour-profile.ts';
import { HeifError, readHeif } from '../../../main/formats/heif.ts';
import { readHeifBoxes } from '../../../main/formats/heif-boxes.ts';
import { decodeImage, PIXEL_LIMIT } from '../../../main/formats/image.ts';
import { SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { difference, IMAGES } from '../data/fixtures.ts';

let references: SafetensorsFile;
beforeAll(async () => {
  references = await SafetensorsFile.open(join(IMAGES, 'heif.safetensors'));
});
afterAll(() => references.close());

const bytesOf = (name: string) => readFile(join(IMAGES, name));

describe('HEIC', () => {
  // libheif versions may differ by one level in YCbCr, which is up to 1.8 in RGB; the conversion to
  // sRGB doubles it.
  test.each([
    ['heif-rotated.heic', 2],
    ['heif-10.heic', 2],
    ['heif-grid.heic', 2],
    ['heif-second.heic', 2],
    ['heif-alpha.heic', 2],
    ['heif-p3.heic', 4],
    ['heif-nclx.heic', 4],
  ])('%s gives the pixels that pillow-heif and ImageCms give', async (name, most) => {
    const image = await decodeImage(await bytesOf(name), name);
    expect(image.format).toBe('heic');
    const { shape } = references.tensors.get(name) ?? { shape: [] };
    expect([image.height, image.width, 3]).toEqual(shape);
    const { max } = difference(image.pixels, await references.readBytes(name));
    expect(max).toBeLessThanOrEqual(most);
  });

  test('is converted: its numbers alone would be other colours', async () => {
    for (const name of ['heif-p3.heic', 'heif-nclx.heic']) {
      const { pixels } = await readHeif(await bytesOf(name), PIXEL_LIMIT);
      const plain = await readHeif(await bytesOf('heif-second.heic'), PIXEL_LIMIT);
      expect(difference(pixels, plain.pixels).mean).toBeGreaterThan(2);
    }
  });

  test('takes many side by side', async () => {
    const bytes = await bytesOf('heif-grid.heic');
    const images = await Promise.all(Array.from({ length: 6 }, () => readHeif(bytes, PIXEL_LIMIT)));
    for (const { pixels } of images)
      expect(difference(pixels, images[0]?.pixels ?? []).max).toBe(0);
  });

  test('refuses what is larger than the limit before it is decoded', async () => {
    const bytes = await bytesOf('heif-grid.heic');
    await expect(readHeif(bytes, 192 * 128 - 1)).rejects.toThrow(/has more than/);
    expect((await readHeif(bytes, 192 * 128)).width).toBe(192);
  });

  test('refuses HDR, and says so', async () => {
    const path = 'heif-pq.heic';
    await expect(decodeImage(await bytesOf(path), path)).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining('is an HDR picture') as string,
    });
  });

  test('no cut, and no rest of zeros, passes for a whole file', async () => {
    const whole = await bytesOf('heif-grid.heic');
    for (const share of [0.02, 0.1, 0.3, 0.6, 0.9, 0.99]) {
      const length = Math.floor(whole.length * share);
      await expect(decodeImage(whole.subarray(0, length), 'x.heic')).rejects.toMatchObject({
        code: expect.stringMatching(/^(file-damaged|format-unknown)$/) as string,
      });
    }
    const zeros = Buffer.from(whole);
    zeros.fill(0, Math.floor(whole.length * 0.7));
    await expect(decodeImage(zeros, 'x.heic')).rejects.toMatchObject({
      code: 'file-damaged',
      message: expect.stringMatching(/should be there are \d+ zeros/) as string,
    });
  });

  test('damaged bytes are decoded or refused, and the next file is read all the same', async () => {
    const whole = await bytesOf('heif-p3.heic');
    let refused = 0;
    for (let at = 0; at < whole.length; at += 7) {
      const bent = Buffer.from(whole);
      bent[at] = (bent[at] ?? 0) ^ 0xff;
      try {
        await readHeif(bent, PIXEL_LIMIT);
      } catch (error) {
        expect(error).toBeInstanceOf(HeifError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    const { max } = difference(
      (await readHeif(whole, PIXEL_LIMIT)).pixels,
      await references.readBytes('heif-p3.heic'),
    );
    expect(max).toBeLessThanOrEqual(4);
  });
});

describe('the boxes of HEIF', () => {
  test('say the colour and where the pixels lie', async () => {
    const grid = readHeifBoxes(await bytesOf('heif-grid.heic'));
    expect(grid?.extents).toHaveLength(4);
    expect(grid?.colour).toMatchObject({ kind: 'nclx', primaries: 1 });
    const wide = readHeifBoxes(await bytesOf('heif-p3.heic'));
    const { icc } = await sharp(join(IMAGES, 'wide-gamut.jpg')).metadata();
    expect(wide?.colour?.kind).toBe('icc');
    const profile = wide?.colour?.kind === 'icc' ? wide.colour.profile : [];
    expect([...profile]).toEqual([...(icc ?? [])]);
    expect(readHeifBoxes(Buffer.from('\0\0\0\u0010ftypheic'))).toBeNull();
  });
});

describe('code points', () => {
  const transformed = (primaries: number, transfer: number, ...rgb: number[]) => {
    const pixels = Uint8Array.from(rgb);
    codePointTransform(primaries, transfer)?.apply(pixels);
    return [...pixels];
  };

  test('of sRGB, and those that say nothing, change nothing', () => {
    for (const [primaries, transfer] of [
      [1, 13],
      [2, 2],
      [1, 2],
    ] as const)
      expect(transformed(primaries, transfer, 200, 30, 90)).toEqual([200, 30, 90]);
  });

  test('keep grey as it is, whatever the primaries', () => {
    for (const primaries of [1, 9, 12])
      expect(transformed(primaries, 13, 120, 120, 120)).toEqual([120, 120, 120]);
  });

  test('of Display P3 give what its profile gives', async () => {
    const { icc } = await sharp(join(IMAGES, 'wide-gamut.jpg')).metadata();
    const byProfile = Uint8Array.from([180, 90, 60]);
    matrixTransform(new Uint8Array(icc ?? []))?.apply(byProfile);
    // The profile has a pure gamma of 2.2, which deviates slightly from the sRGB curve.
    const byCodes = transformed(12, 13, 180, 90, 60);
    expect(difference(byCodes, byProfile).max).toBeLessThanOrEqual(4);
  });

  test('of HDR and unknown ones have no conversion', () => {
    for (const [primaries, transfer] of [
      [9, 16],
      [9, 18],
      [99, 13],
    ] as const)
      expect(codePointTransform(primaries, transfer)).toBeNull();
  });
});
