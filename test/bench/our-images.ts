import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ImageLoader } from '../../main/engine/data/loader.ts';
import { machineSeconds, ownSeconds } from './machine.ts';

/**
 * Our loader as a subject: our-images.ts SIZE BATCH THREADS, driven like `peers/image_peer.py`. The
 * images have no known hash, so nothing is cached between passes: every pass reads, hashes,
 * decodes, resizes, crops and normalises every file, like the first epoch of a training.
 */

const [size = 0, batchSize = 0, threads = 0] = process.argv.slice(2).map(Number);

function openLoader(folder: string): ImageLoader {
  const images = readdirSync(folder).flatMap((label) =>
    readdirSync(join(folder, label)).map((name) => ({
      path: join(folder, label, name),
      sha256: '',
    })),
  );
  const square = { imageSize: size, cropFraction: 0.9, cropMode: 'center' } as const;
  const mean = [0.5, 0.5, 0.5] as const;
  return new ImageLoader({
    images,
    preprocessing: { ...square, interpolation: 'bicubic', mean, std: mean },
    augmentation: null,
    ...{ batchSize, threads, seed: 0, cacheDir: null, memoryBytes: 0 },
  });
}

const answer = (values: object): void => console.log(JSON.stringify(values));
const loaders = new Map<string, ImageLoader>();
const place = { epoch: 0, shuffle: false } as const;
answer({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const folder = line.slice(line.indexOf(' ') + 1);
  if (line.startsWith('check ')) {
    const loader = openLoader(folder);
    loaders.set(folder, loader);
    let sum = 0;
    let images = 0;
    for await (const { pixels, count, problems } of loader.epoch(place)) {
      if (problems[0] !== undefined) throw new Error(problems[0].error.message);
      for (const value of pixels) sum += value;
      images += count;
    }
    // Padding rows are 0 and do not affect the sum.
    answer({ images, mean: sum / (images * 3 * size ** 2) });
    continue;
  }
  const loader = loaders.get(folder);
  if (loader === undefined) throw new Error(`${folder} was not checked`);
  const machine = machineSeconds();
  const own = ownSeconds();
  const began = performance.now();
  for await (const { problems } of loader.epoch(place))
    if (problems.length > 0) throw new Error('an image was not loaded');
  const seconds = (performance.now() - began) / 1000;
  const cpuSeconds = ownSeconds() - own;
  const others = Math.max(0, machineSeconds() - machine - cpuSeconds) / seconds;
  answer({ seconds, cpuSeconds, others });
}
for (const loader of loaders.values()) await loader.close();
