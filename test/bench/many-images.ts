import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/**
 * Distinct pictures drawn. Each file is one of them with a unique comment, so that no two files
 * have the same bytes.
 */
const DRAWN = 40;
const WIDTH = 160;
const HEIGHT = 120;
const CLASSES = 20;

/**
 * Writes `count` small real images into class folders, four JPEG files for each PNG. They decode
 * like textured photographs, and no two are duplicates.
 */
export async function writeManyImages(folder: string, count: number): Promise<void> {
  const drawn: Buffer[] = [];
  for (let i = 0; i < DRAWN; i++) drawn.push(await draw(i));
  for (let label = 0; label < CLASSES; label++)
    mkdirSync(join(folder, nameOf(label)), { recursive: true });
  for (let i = 0; i < count; i++) {
    const which = i % DRAWN;
    const file = `image-${String(i).padStart(6, '0')}.${isPng(which) ? 'png' : 'jpg'}`;
    const picture = drawn[which] ?? Buffer.alloc(0);
    const note = Buffer.from(`image ${String(i)}`);
    const bytes = isPng(which) ? notedPng(picture, note) : notedJpeg(picture, note);
    writeFileSync(join(folder, nameOf(i % CLASSES), file), bytes);
  }
}

const nameOf = (label: number): string => `class ${String(label).padStart(2, '0')}`;
const isPng = (which: number): boolean => which % 5 === 4;

async function draw(which: number): Promise<Buffer> {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++)
      for (let c = 0; c < 3; c++)
        pixels[3 * (y * WIDTH + x) + c] =
          128 + 60 * Math.sin((x + 7 * which) / (5 + c)) + 60 * Math.cos((y * (1 + which)) / 40);
  const image = sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  return isPng(which) ? image.png().toBuffer() : image.jpeg({ quality: 85 }).toBuffer();
}

/** Inserts a comment segment after the SOI marker. */
function notedJpeg(jpeg: Buffer, note: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(note.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, note, jpeg.subarray(2)]);
}

/** Inserts a text chunk before the IEND chunk, which is twelve bytes long. */
function notedPng(png: Buffer, note: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('tEXtComment\0'), note]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, -12), length, body, check, png.subarray(-12)]);
}
