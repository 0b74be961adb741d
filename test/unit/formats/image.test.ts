import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BmpError, readBmp } from '../../../main/formats/bmp.ts';
import { decodeImage, readImage } from '../../../main/formats/image.ts';
import { imageSignature } from '../../../main/formats/image-signature.ts';
import { difference, IMAGES, readReferences } from '../data/fixtures.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-image-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('decoding', () => {
  test('every format, mode and orientation gives the pixels that Pillow gives', async () => {
    const { references } = await readReferences('reference.safetensors');
    const formats = new Set<string>();
    for (const { kind, file, shape, bytes } of references) {
      if (kind !== 'decoded' && kind !== 'close') continue;
      const image = await readImage(join(IMAGES, file));
      expect([file, image.height, image.width, 3]).toEqual([file, ...shape]);
      const { mean, max } = difference(image.pixels, bytes);
      // Flattening rounds differently in the two libraries; lossy codecs and CMYK have no unique
      // result.
      const largest = file.startsWith('rgba.') ? 1 : 0;
      if (kind === 'decoded') expect([file, max <= largest]).toEqual([file, true]);
      else expect([file, mean < (file === 'cmyk.tif' ? 30 : 2)]).toEqual([file, true]);
      formats.add(image.format);
    }
    expect([...formats].sort()).toEqual(['avif', 'bmp', 'gif', 'png', 'tiff', 'webp']);
  });

  test('names the file by its content', async () => {
    const path = join(IMAGES, 'landscape.jpg');
    const image = await readImage(path);
    expect(image.format).toBe('jpeg');
    expect([image.width, image.height, image.pixels.length]).toEqual([120, 90, 32400]);
    expect(image.sha256).toBe(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
  });

  test('goes by the content, not by the ending, and takes any name', async () => {
    const path = join(dir, 'wörd späce.png');
    await copyFile(join(IMAGES, 'landscape.jpg'), path);
    expect((await readImage(path)).format).toBe('jpeg');
  });

  test('takes foreign bytes between segments, which only call for a warning', async () => {
    const whole = await readImage(join(IMAGES, 'landscape.jpg'));
    const other = await readImage(join(IMAGES, 'foreign-bytes.jpg'));
    expect(difference(whole.pixels, other.pixels).max).toBe(0);
  });
});

describe('refusals', () => {
  test.each([
    ['cut-off.jpg', 'file-damaged', 'is cut off: its end-of-image marker is missing.'],
    ['huge.png', 'format-unsupported', 'has more than 100 megapixels.'],
    ['drawing.svg', 'format-unsupported', 'is an SVG drawing, which is not supported.'],
    ['README.md', 'format-unknown', 'is not an image.'],
  ])('%s', async (file, code, words) => {
    const path = join(IMAGES, file);
    await expect(readImage(path)).rejects.toMatchObject({
      code,
      message: `${path} ${words}`,
      path,
    });
  });

  test.each<[string, string | Buffer, string, string]>([
    ['empty', '', 'file-damaged', 'is empty'],
    [
      'SVG with a prologue',
      '<?xml version="1.0"?>\n<!-- x --><svg/>',
      'format-unsupported',
      'is an SVG drawing',
    ],
    ['SVG with a byte order mark', '\uFEFF  <SVG/>', 'format-unsupported', 'is an SVG drawing'],
    ['other XML', '<?xml version="1.0"?><a/>', 'format-unsupported', 'is an XML file'],
    [
      'gzip',
      Buffer.from('1f8b0800000000', 'hex'),
      'format-unsupported',
      'gzip file (perhaps SVGZ)',
    ],
    [
      'HEIC',
      Buffer.from('\0\0\0\u0018ftypheic\0\0\0\0mif1heic'),
      'file-damaged',
      'is cut off, or its boxes are damaged',
    ],
    ['video', Buffer.from('\0\0\0\u0014ftypisom\0\0\0\0isom'), 'format-unsupported', 'is a video'],
    ['PDF', '%PDF-1.7', 'format-unsupported', 'is a PDF document'],
    ['PSD', '8BPS\0\u0001', 'format-unsupported', 'is a Photoshop file'],
    [
      'a JPEG header alone',
      Buffer.from('ffd8ffe000104a46494600', 'hex'),
      'file-damaged',
      'is cut off before its picture',
    ],
    [
      'a PNG header alone',
      Buffer.from('89504e470d0a1a0a', 'hex'),
      'file-damaged',
      'is cut off before its picture',
    ],
    ['zeros', Buffer.alloc(100), 'format-unknown', 'is not an image'],
  ])('%s', async (_name, bytes, code, words) => {
    const path = join(dir, 'x.jpg');
    await writeFile(path, bytes);
    await expect(readImage(path)).rejects.toMatchObject({
      code,
      path,
      message: expect.stringContaining(`${path} `) as unknown,
    });
    await expect(readImage(path)).rejects.toThrow(words);
  });

  test('a folder and a missing file', async () => {
    await expect(readImage(dir)).rejects.toMatchObject({ code: 'not-readable', path: dir });
    await expect(readImage(join(dir, 'none.jpg'))).rejects.toMatchObject({ code: 'not-found' });
  });

  test('no cut of a good file crashes or passes in silence for a whole one', async () => {
    for (const file of [
      'rgb.png',
      'rgba.webp',
      'animated.gif',
      'rgb.tif',
      'rgb.avif',
      'rgb-24.bmp',
    ]) {
      const whole = await readFile(join(IMAGES, file));
      // The first of the GIF's two frames is its first half: a cut after that loses nothing
      // visible.
      for (const share of file === 'animated.gif' ? [0.2, 0.35, 0.48] : [0.3, 0.6, 0.85]) {
        const bytes = whole.subarray(0, Math.floor(whole.length * share));
        await expect(decodeImage(bytes, file)).rejects.toMatchObject({ path: file });
      }
    }
  });
});

describe('imageSignature', () => {
  test('AVIF is found among the compatible brands', () => {
    expect(imageSignature(Buffer.from('\0\0\0\u001cftypmif1\0\0\0\0mif1avifmiaf'))).toEqual({
      kind: 'supported',
      format: 'avif',
    });
  });
});

describe('bitmaps', () => {
  /** Builds a BITMAPINFOHEADER file from rows in storage order. */
  function bitmap(o: {
    width: number;
    height: number;
    bits: number;
    compression?: number;
    palette?: number[];
    masks?: number[];
    rows: number[][];
  }): Buffer {
    const extra = [
      ...(o.masks ?? []).flatMap((m) => [m & 255, (m >> 8) & 255, (m >> 16) & 255, m >>> 24]),
      ...(o.palette ?? []),
    ];
    const header = Buffer.alloc(54);
    header.write('BM');
    header.writeUInt32LE(54 + extra.length, 10);
    header.writeUInt32LE(40, 14);
    header.writeInt32LE(o.width, 18);
    header.writeInt32LE(o.height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(o.bits, 28);
    header.writeUInt32LE(o.compression ?? 0, 30);
    header.writeUInt32LE((o.palette?.length ?? 0) / 4, 46);
    return Buffer.concat([header, Buffer.from(extra), Buffer.from(o.rows.flat())]);
  }
  const pixels = (bytes: Buffer) => [...readBmp(bytes, 1e6).pixels];

  test('bottom-up, top-down and padded rows', () => {
    const rows = [
      [1, 2, 3, 0],
      [4, 5, 6, 0],
    ];
    expect(pixels(bitmap({ width: 1, height: 2, bits: 24, rows }))).toEqual([6, 5, 4, 3, 2, 1]);
    expect(pixels(bitmap({ width: 1, height: -2, bits: 24, rows }))).toEqual([3, 2, 1, 6, 5, 4]);
  });

  test('4 bits with a palette', () => {
    const palette = [0, 0, 0, 0, 10, 20, 30, 0, 40, 50, 60, 0];
    const rows = [[0x12, 0x00, 0, 0]];
    expect(pixels(bitmap({ width: 3, height: 1, bits: 4, palette, rows }))).toEqual([
      30, 20, 10, 60, 50, 40, 0, 0, 0,
    ]);
    expect(() =>
      readBmp(bitmap({ width: 1, height: 1, bits: 4, palette, rows: [[0x30, 0, 0, 0]] }), 9),
    ).toThrow(new BmpError('has a pixel outside its palette'));
  });

  test('16 bits as 555 and 565, 32 bits with masks', () => {
    const white = [[0xff, 0x7f, 0x00, 0x7c]];
    expect(pixels(bitmap({ width: 2, height: 1, bits: 16, rows: white }))).toEqual([
      255, 255, 255, 255, 0, 0,
    ]);
    const masks = [0xf800, 0x7e0, 0x1f];
    const green = [[0xe0, 0x07, 0x10, 0x00]];
    expect(
      pixels(bitmap({ width: 2, height: 1, bits: 16, compression: 3, masks, rows: green })),
    ).toEqual([0, 255, 0, 0, 0, 132]);
    const swapped = [0xff, 0xff00, 0xff0000];
    expect(
      pixels(
        bitmap({
          width: 1,
          height: 1,
          bits: 32,
          compression: 3,
          masks: swapped,
          rows: [[1, 2, 3, 4]],
        }),
      ),
    ).toEqual([1, 2, 3]);
    const high = [0xff000000, 0xff0000, 0xff00];
    expect(
      pixels(
        bitmap({
          width: 1,
          height: 1,
          bits: 32,
          compression: 3,
          masks: high,
          rows: [[1, 2, 3, 4]],
        }),
      ),
    ).toEqual([4, 3, 2]);
  });

  test.each([
    [
      'run-length coding',
      { compression: 1, bits: 8, palette: [0, 0, 0, 0] },
      'is a compressed bitmap',
    ],
    ['a size of 0', { width: 0 }, 'has a width or height of 0'],
    [
      'too many pixels',
      { width: 5000, height: 5000 },
      'has 5000 × 5000 pixels, more than the limit',
    ],
    ['missing rows', { height: 9 }, 'is cut off in its pixels'],
    ['three bits', { bits: 3 }, 'has 3 bits a pixel, which is not known'],
    [
      'torn masks',
      { compression: 3, bits: 32, masks: [0xff00ff, 0xff00, 0xff] },
      'has color masks that are not one run of bits each',
    ],
    [
      'an empty mask',
      { compression: 3, bits: 32, masks: [0, 0xff00, 0xff] },
      'has color masks that are not one run of bits each',
    ],
    ['a short palette', { bits: 8 }, 'ends in its palette'],
  ])('refuses %s', (_name, options, words) => {
    const bytes = bitmap({ width: 1, height: 1, bits: 24, rows: [[1, 2, 3, 0]], ...options });
    expect(() => readBmp(bytes, 1e6)).toThrow(words);
  });

  test('refuses pixels that begin inside the header', () => {
    const bytes = bitmap({ width: 1, height: 1, bits: 24, rows: [[1, 2, 3, 0]] });
    bytes.writeUInt32LE(10, 10);
    expect(() => readBmp(bytes, 9)).toThrow('has pixels that begin inside its header');
  });

  test('every cut of the header is refused, none crashes', async () => {
    const whole = await readFile(join(IMAGES, 'palette-8.bmp'));
    for (let length = 0; length < whole.length; length++)
      expect(() => readBmp(whole.subarray(0, length), 1e6)).toThrow(BmpError);
  });
});
