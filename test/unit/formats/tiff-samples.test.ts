import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../main/formats/image.ts';
import { type TiffFile, tiffFile } from './tiff-file.ts';

/** Two pixels side by side. */
function picture(o: Partial<TiffFile> & { readonly values: Uint8Array }): Buffer {
  const { values, ...rest } = o;
  return tiffFile({ width: 2, height: 1, bands: 3, strip: values, ...rest });
}

const decoded = async (file: Buffer): Promise<number[]> => [
  ...(await decodeImage(file, 'x.tif')).pixels,
];
const refusal = async (file: Buffer): Promise<{ code: string; message: string; hint: string }> =>
  decodeImage(file, 'x.tif').then(
    () => expect.fail('it was taken'),
    (error: unknown) => error as { code: string; message: string; hint: string },
  );

const RGB = [200, 100, 50, 0, 250, 10];
/** Two RGB pixels with additional bands. */
const withBands = (first: readonly number[], second: readonly number[]): Uint8Array =>
  Uint8Array.from([200, 100, 50, ...first, 0, 250, 10, ...second]);

describe('bands of a TIFF', () => {
  test('that are colours are those of the picture', async () => {
    expect(await decoded(picture({ values: Uint8Array.from(RGB) }))).toEqual(RGB);
  });

  test.each([
    ['one', [0], withBands([0], [77])],
    ['two', [0, 0], withBands([128, 64], [0, 255])],
  ])('that are said to be no part of RGB are left out (%s)', async (_name, extras, values) => {
    expect(await decoded(picture({ bands: 3 + extras.length, extras, values }))).toEqual(RGB);
  });

  test('that are said to be alpha are laid on white, multiplied before or not', async () => {
    const straight = withBands([128], [0]);
    const expected = [227, 177, 152, 255, 255, 255];
    expect(await decoded(picture({ bands: 4, extras: [2], values: straight }))).toEqual(expected);
    const multiplied = Uint8Array.of(100, 50, 25, 128, 0, 0, 0, 0);
    const got = await decoded(picture({ bands: 4, extras: [1], values: multiplied }));
    got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1));
  });

  test.each<[string, Partial<TiffFile>, number]>([
    ['RGB with a band of which nothing is said', { bands: 4 }, 4],
    ['RGB with alpha and another band', { bands: 5, extras: [2, 0] }, 5],
    ['grey with a band that is no alpha', { bands: 2, photometric: 1, extras: [0] }, 2],
    ['four bands of which one is grey', { bands: 4, photometric: 1, extras: [0, 0, 0] }, 4],
    ['six bands of a satellite', { bands: 6, photometric: 1, extras: [0, 0, 0, 0, 0] }, 6],
  ])('of which it is not known what they are are refused: %s', async (_name, how, bands) => {
    const values = new Uint8Array(2 * bands).fill(9);
    expect(await refusal(picture({ ...how, values }))).toMatchObject({
      code: 'format-unsupported',
      message: `x.tif has ${String(bands)} bands, that are not declared as colors or alpha.`,
    });
  });
});

describe('samples of a TIFF', () => {
  test('of 16 bits are taken by their high bytes', async () => {
    const values = new Uint8Array(new Uint16Array(RGB.map((level) => level * 257)).buffer);
    expect(await decoded(picture({ bits: 16, values }))).toEqual(RGB);
  });

  test.each([
    ['floating-point', 16, 3],
    ['floating-point', 32, 3],
    ['floating-point', 64, 3],
    ['signed', 8, 2],
    ['signed', 16, 2],
    ['signed', 32, 2],
    ['whole-number', 32, 1],
    ['whole-number', 64, 1],
    ['complex', 64, 6],
  ])('that are %s of %i bits are refused, grey and RGB', async (kind, bits, format) => {
    for (const bands of [1, 3]) {
      const values = new Uint8Array((2 * bands * bits) / 8);
      const photometric = bands === 1 ? 1 : 2;
      const error = await refusal(picture({ bands, photometric, bits, format, values }));
      expect(error.code).toBe('format-unsupported');
      expect(error.message).toBe(
        `x.tif has ${kind} samples of ${String(bits)} bits, without the values of black and white.`,
      );
      expect(error.hint).toContain('8 or 16 bits');
    }
  });
});

describe('ways of storing colours', () => {
  test('of a camera are refused, not shown as grey', async () => {
    const values = Uint8Array.of(1, 2);
    expect(await refusal(picture({ bands: 1, photometric: 32803, values }))).toMatchObject({
      code: 'format-unsupported',
      message: 'x.tif stores its colors by method 32803, which is not supported.',
    });
  });
});
