import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomStream } from '../../main/engine/random.ts';

const OCTAVES = 10;
/**
 * Amplitude of an octave relative to the previous one; approximates the spectrum of photographs.
 */
const DECAY = 0.6;

/**
 * Writes JPEGs that compress and resize like photographs: noise at every scale, from soft light to
 * fine grain. Deterministic for the same arguments.
 */
export async function writeScenes(
  folder: string,
  count: number,
  width: number,
  height: number,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let image = 0; image < count; image++) {
    const pixels = await scene(image, width, height);
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 88 })
      .toFile(join(folder, `${String(image).padStart(3, '0')}.jpg`));
  }
}

async function scene(seed: number, width: number, height: number): Promise<Uint8Array> {
  const stream = randomStream(seed, 'shuffle', 0);
  const sum = new Float32Array(width * height * 3);
  for (let octave = 1; octave <= OCTAVES; octave++) {
    const side = 2 ** octave + 1;
    const noise = Uint8Array.from({ length: side * side * 3 }, () => stream.integer(256));
    const soft = await sharp(noise, { raw: { width: side, height: side, channels: 3 } })
      .resize({ width, height, fit: 'fill', kernel: 'cubic' })
      .raw()
      .toBuffer();
    const share = DECAY ** octave;
    for (let i = 0; i < sum.length; i++) sum[i]! += share * (soft[i]! - 127.5);
  }
  const pixels = new Uint8ClampedArray(sum.length);
  for (let i = 0; i < sum.length; i++) pixels[i] = 127.5 + 0.6 * sum[i]!;
  return new Uint8Array(pixels.buffer);
}
