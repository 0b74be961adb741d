import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { matrixTransform } from '../../../main/formats/colour-profile.ts';
import { decodeImage } from '../../../main/formats/image.ts';
import { leanJpeg } from '../../../main/formats/jpeg-metadata.ts';
import { difference, IMAGES } from '../data/fixtures.ts';

const raw = { width: 64, height: 48, channels: 3 as const };
/** Every colour of a coarse grid and all greys, in patches that survive JPEG compression. */
const pixels = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => {
  const at = Math.floor(i / 3);
  const patch = Math.floor((at % 64) / 4) + 16 * Math.floor(at / 256);
  return (patch * [37, 91, 151][i % 3]!) % 256;
});
const picture = () => sharp(pixels, { raw }).jpeg({ quality: 95, chromaSubsampling: '4:4:4' });
/** Decoded by libvips with all metadata. */
const whole = (bytes: Uint8Array) =>
  sharp(bytes).autoOrient().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });

describe('leanJpeg', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'keeps orientation %i of the EXIF data',
    async (orientation) => {
      const exif = { IFD0: { Copyright: 'nobody', ImageDescription: 'x'.repeat(900) } };
      const file = await picture().withExif(exif).withMetadata({ orientation }).toBuffer();
      const lean = leanJpeg(file)!;
      expect(lean.bytes.length).toBeLessThan(file.length - (orientation === 1 ? 60 : 20));
      const { data, info } = await whole(file);
      const { width, height, pixels: own } = await decodeImage(file, 'x.jpg');
      expect([width, height]).toEqual([info.width, info.height]);
      expect(difference(own, data).max).toBe(0);
    },
  );

  it('leaves files alone that are not built as usual', async () => {
    const file = await picture()
      .withExif({ IFD0: { Copyright: 'nobody' } })
      .toBuffer();
    expect(leanJpeg(file)).not.toBeNull();
    const start = file.indexOf('Exif\0\0') + 6;
    const broken = (change: (copy: Buffer) => void): Uint8Array => {
      const copy = Buffer.from(file);
      change(copy);
      return copy;
    };
    for (const change of [
      (copy: Buffer) => copy.writeUInt16BE(0xffff, start - 8), // a segment longer than the file
      (copy: Buffer) => copy.writeUInt16BE(0, start - 8), // a segment shorter than its length field
      (copy: Buffer) => copy.write('XX', start), // no byte order
      (copy: Buffer) => copy.fill(0xff, start + 4, start + 8), // a directory beyond the block
      (copy: Buffer) => (copy[2] = 0), // no marker after the first
    ])
      expect(leanJpeg(broken(change))).toBeNull();
    expect(leanJpeg(file.subarray(0, 20))).toBeNull();
    expect(leanJpeg(new Uint8Array())).toBeNull();
    const grey = await sharp(pixels, { raw }).toColourspace('b-w').jpeg().toBuffer();
    expect(leanJpeg(grey)).toBeNull();
  });
});

describe('colour profiles', () => {
  it.each(['p3', 'srgb'])('%s is converted as libvips does', async (profile) => {
    const file = await picture().withIccProfile(profile).toBuffer();
    const lean = leanJpeg(file)!;
    expect(matrixTransform(lean.profile!)).not.toBeNull();
    const { data } = await whole(file);
    const { mean, max } = difference((await decodeImage(file, 'x.jpg')).pixels, data);
    expect(mean).toBeLessThan(0.1);
    expect(max).toBeLessThanOrEqual(1);
  });

  it('a gamma curve, too', async () => {
    const file = await readFile(join(IMAGES, 'wide-gamut.jpg'));
    expect(matrixTransform(leanJpeg(file)!.profile!)).not.toBeNull();
    const { data } = await whole(file);
    const { mean, max } = difference((await decodeImage(file, 'x.jpg')).pixels, data);
    expect(mean).toBeLessThan(0.1);
    expect(max).toBeLessThanOrEqual(1);
  });

  it('of other kinds are left to libvips', async () => {
    const file = await picture().withIccProfile('p3').toBuffer();
    const profile = leanJpeg(file)!.profile!;
    const changed = (at: number, text: string): Uint8Array => {
      const copy = Buffer.from(profile);
      copy.write(text, at);
      return copy;
    };
    expect(matrixTransform(changed(16, 'CMYK'))).toBeNull();
    expect(matrixTransform(changed(20, 'Lab '))).toBeNull();
    expect(matrixTransform(changed(36, 'xxxx'))).toBeNull();
    expect(matrixTransform(changed(Buffer.from(profile).indexOf('gTRC'), 'A2B0'))).toBeNull();
    expect(matrixTransform(profile.subarray(0, 140))).toBeNull();
    expect(matrixTransform(new Uint8Array(3))).toBeNull();
  });
});
