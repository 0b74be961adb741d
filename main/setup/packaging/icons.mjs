import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/**
 * Renders the application's icons from `main/assets/icons/icon.svg`. Run by hand after the drawing
 * changes; the results are committed. The .ico for Windows contains several sizes; the icons for
 * macOS and Linux are made from PNGs when packaging.
 */

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'assets', 'icons');
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const ICO_SIZES = [16, 24, 32, 48, 64, 128, 256];

/** Side of the drawing and the margin around its plate, in pixels. */
const SIDE = 1024;
const MARGIN = 100;
/** Up to this size the margin is cropped, to leave more pixels for the mark. */
const LARGEST_WITHOUT_MARGIN = 64;

/** @param {number} size side in pixels */
async function draw(size) {
  const whole = sharp(join(FOLDER, 'icon.svg'), { density: 72 });
  if (size > LARGEST_WITHOUT_MARGIN) return whole.resize(size, size).png().toBuffer();
  const plate = SIDE - 2 * MARGIN;
  return whole
    .extract({ left: MARGIN, top: MARGIN, width: plate, height: plate })
    .resize(size, size, { kernel: 'lanczos3' })
    .png()
    .toBuffer();
}

/**
 * An .ico with PNG images, which Windows supports since Vista.
 *
 * @param {readonly { size: number, png: Buffer }[]} pictures
 */
function ico(pictures) {
  const ENTRY = 16;
  const head = Buffer.alloc(6 + ENTRY * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of pictures.entries()) {
    const at = 6 + ENTRY * index;
    // 0 stands for 256.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...pictures.map(({ png }) => png)]);
}

const pictures = await Promise.all(SIZES.map(async (size) => ({ size, png: await draw(size) })));
mkdirSync(join(FOLDER, 'linux'), { recursive: true });
for (const { size, png } of pictures) {
  // electron-builder reads the sizes from these names.
  if (size < SIDE) writeFileSync(join(FOLDER, 'linux', `${size}x${size}.png`), png);
  else writeFileSync(join(FOLDER, 'icon.png'), png);
}
const chosen = pictures.filter(({ size }) => ICO_SIZES.includes(size));
writeFileSync(join(FOLDER, 'icon.ico'), ico(chosen));
