import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageLoader } from '../../../main/engine/data/loader.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';

const IMAGES = fileURLToPath(new URL('../../fixtures/images', import.meta.url));
/** Upright and in sRGB, which the libraries' own reading takes for granted; none is square. */
const PLAIN = ['landscape.jpg', 'portrait.jpg', 'large.jpg', 'rgb.png'];
/** Of a folder of photographs, spread over it. */
const MOST = 50;

/** Pictures that all libraries read alike: of a folder, else of the fixtures. */
export function plainPictures(folder: string | null): string[] {
  if (folder === null) return PLAIN.map((name) => join(IMAGES, name));
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:jpe?g|png)$/i.test(name))
    .sort();
  const step = Math.max(1, Math.floor(all.length / MOST));
  return all.filter((_, index) => index % step === 0).map((name) => join(folder, name));
}

/** The same, and a turned one and one in Display P3. */
export function allPictures(): string[] {
  return [...PLAIN, 'rotated-6.jpg', 'wide-gamut.jpg'].map((name) => join(IMAGES, name));
}

/** What the studio makes of files: normalised, (files, 3, S, S). */
export async function studioPixels(
  files: readonly string[],
  preprocessing: Preprocessing,
): Promise<Float32Array> {
  const loader = new ImageLoader({
    images: files.map((path) => ({ path, sha256: '' })),
    preprocessing,
    augmentation: null,
    batchSize: files.length,
    seed: 0,
    cacheDir: null,
  });
  try {
    for await (const batch of loader.epoch({ epoch: 0, shuffle: false })) {
      const [problem] = batch.problems;
      if (problem !== undefined) throw new Error(problem.error.message);
      return batch.pixels;
    }
    return new Float32Array();
  } finally {
    await loader.close();
  }
}
