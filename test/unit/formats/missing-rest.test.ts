import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../main/formats/image.ts';
import { randomStream } from '../../../main/engine/random.ts';
import { tiffFile } from './tiff-file.ts';

const SIDE = 128;

/**
 * Noise with an uneven histogram, as in photographs, above; a constant level in the lower part (a
 * fraction, 0 to 1).
 */
function picture(lower: number, level = 0): Sharp {
  const draw = randomStream(1, 'augment', 0, 0);
  const noise = SIDE * SIDE * 3 * (1 - lower);
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) =>
    i < noise ? (draw.integer(256) + draw.integer(256)) >> 1 : level,
  );
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } });
}

const CODERS: Record<string, (image: Sharp) => Promise<Buffer>> = {
  'baseline JPEG': (image) => image.jpeg({ quality: 90 }).toBuffer(),
  'optimised JPEG': (image) =>
    image.jpeg({ quality: 90, optimiseCoding: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  'progressive JPEG': (image) => image.jpeg({ quality: 90, progressive: true }).toBuffer(),
  WebP: (image) => image.webp({ quality: 80 }).toBuffer(),
  'WebP made in haste': (image) => image.webp({ quality: 90, effort: 0 }).toBuffer(),
  'lossless WebP': (image) => image.webp({ lossless: true }).toBuffer(),
  GIF: (image) => image.gif().toBuffer(),
  PNG: (image) => image.png().toBuffer(),
  AVIF: (image) => image.avif({ quality: 60, effort: 0 }).toBuffer(),
  'TIFF with JPEG': (image) => image.tiff({ compression: 'jpeg', quality: 90 }).toBuffer(),
  'TIFF with LZW': (image) => image.tiff({ compression: 'lzw' }).toBuffer(),
  'TIFF with Deflate': (image) => image.tiff({ compression: 'deflate' }).toBuffer(),
};
const KINDS = Object.keys(CODERS);

const encode = (kind: string, image: Sharp): Promise<Buffer> => CODERS[kind]!(image);
const zeroed = (file: Buffer, from: number): Buffer =>
  Buffer.concat([file.subarray(0, from), Buffer.alloc(file.length - from)]);
const take = async (file: Uint8Array): Promise<string> =>
  `taken, ${String((await decodeImage(file, 'x')).width)} wide`;

describe('a file of full length whose rest is zeros is refused as cut off', () => {
  test.each(KINDS)('%s', async (kind) => {
    const file = await encode(kind, picture(0));
    for (const share of [0.3, 0.5, 0.8, 0.95])
      await expect(
        take(zeroed(file, Math.floor(share * file.length))),
        `from ${String(share)} on`,
      ).rejects.toMatchObject({
        code: 'file-damaged',
        message: expect.stringMatching(/^x is cut off/) as unknown,
      });
  });

  test('a TIFF with its directory before its strip', async () => {
    const pixels = await picture(0).raw().toBuffer();
    const size = { width: SIDE, height: SIDE, bands: 3 };
    const strips: [number, Buffer][] = [
      [8, deflateSync(pixels)],
      [7, await encode('baseline JPEG', picture(0))],
    ];
    for (const [compression, strip] of strips) {
      const photometric = compression === 7 ? 6 : 2;
      const file = tiffFile({ ...size, photometric, compression, strip });
      await take(file);
      await expect(take(zeroed(file, file.length - Math.floor(strip.length / 2)))).rejects.toThrow(
        `x is cut off: where its rest should be there are`,
      );
    }
  });
});

describe('what is sound is taken', () => {
  test.each(KINDS)('%s: black, white, black or white below', async (kind) => {
    const size = { width: 700, height: 500, channels: 3 as const };
    const sound = [
      picture(0),
      picture(0.5),
      picture(0.9),
      picture(0.5, 255),
      picture(1),
      ...['#000', '#fff', '#808080'].map((background) =>
        sharp({ create: { ...size, background } }),
      ),
    ];
    for (const image of sound) await take(await encode(kind, image));
  });

  test.each(KINDS.filter((kind) => !kind.startsWith('TIFF')))(
    '%s: zeros or junk behind its end',
    async (kind) => {
      for (const lower of [0, 0.5]) {
        const file = await encode(kind, picture(lower));
        const junk = Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 37) % 251));
        await take(Buffer.concat([file, Buffer.alloc(4096)]));
        // Data after the last box of an AVIF would be parsed as another box.
        if (kind === 'AVIF') continue;
        await take(Buffer.concat([file, junk]));
        await take(Buffer.concat([file, junk, Buffer.alloc(4096)]));
      }
    },
  );

  test('a JPEG with another one behind it, and zeros behind both', async () => {
    const file = await encode('baseline JPEG', picture(0));
    await take(Buffer.concat([file, file, Buffer.alloc(100)]));
    await take(Buffer.concat([file, file.subarray(0, 500), Buffer.alloc(100)]));
  });

  test('a GIF whose first picture is whole, though nothing may come as what comes behind it', async () => {
    const file = await encode('GIF', picture(0));
    await take(Buffer.concat([file.subarray(0, -1), Buffer.alloc(50)]));
  });

  test('an uncompressed TIFF that is black below', async () => {
    const strip = await picture(0.5).raw().toBuffer();
    await take(tiffFile({ width: SIDE, height: SIDE, bands: 3, strip }));
  });
});

describe('the reason of a refusal', () => {
  const REASONS: Record<string, RegExp> = {
    PNG: /wrong checksum in its chunk IDAT/,
    'progressive JPEG': /end-of-image marker is missing/,
    WebP: /shorter than its header says/,
    GIF: /picture has \d+ of 16384 pixels/,
    AVIF: /shorter than its boxes say/,
    'TIFF with LZW': /directory is not in the file|some of its pixels are not in the file/,
  };

  test("is the file's own, whatever is decoded beside it", async () => {
    const bad = await Promise.all(
      Object.keys(REASONS).map(async (kind): Promise<[string, Buffer]> => {
        const file = await encode(kind, picture(0));
        const half = Math.floor(file.length / 2);
        if (kind !== 'PNG') return [kind, file.subarray(0, half)];
        file[half]! ^= 0xff;
        return [kind, file];
      }),
    );
    const all = Array.from({ length: 20 }, () => bad).flat();
    const outcomes = await Promise.allSettled(
      all.map(([kind, file], i) => decodeImage(file, `${String(i)}: ${kind}`)),
    );
    outcomes.forEach((outcome, i) => {
      const [kind] = all[i]!;
      expect(outcome.status).toBe('rejected');
      const { message } = (outcome as PromiseRejectedResult).reason as Error;
      expect(message.startsWith(`${String(i)}: ${kind} `)).toBe(true);
      expect(message).toMatch(REASONS[kind]!);
    });
  });

  test('tells a JPEG of another kind from a damaged one', async () => {
    const file = await encode('baseline JPEG', picture(0));
    const frame = file.indexOf(Buffer.from('ffc0', 'hex'));
    const changed = (at: number, value: number): Buffer => {
      const other = Buffer.from(file);
      other[at] = value;
      return other;
    };
    await expect(take(changed(frame + 1, 0xcb))).rejects.toMatchObject({
      code: 'format-unsupported',
      message: 'x is a JPEG with arithmetic coding, which is not supported.',
    });
    await expect(take(changed(frame + 4, 13))).rejects.toMatchObject({
      code: 'format-unsupported',
      message: 'x is a JPEG of 13 bits a sample, which is not supported.',
    });
  });
});
