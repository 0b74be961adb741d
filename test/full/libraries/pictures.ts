import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageLoader } from '../../../main/engine/data/loader.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { srgbProfile, withProfile } from '../../fixtures/profiled-png.ts';

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
  const count = Math.min(MOST, all.length);
  const spread = (i: number): string => all[Math.floor((i * all.length) / count)] ?? '';
  return Array.from({ length: count }, (_, i) => join(folder, spread(i)));
}

/**
 * The same, a turned one and one in Display P3; into `folder`, PNGs of three kinds with a profile
 * of sRGB, and one with a damaged profile.
 */
export async function allPictures(folder: string): Promise<string[]> {
  const profile = await srgbProfile();
  const made = ['palette.png', 'grey.png', 'rgb.png', 'damaged.png'].map((name) => {
    const damaged = name === 'damaged.png';
    const png = readFileSync(join(IMAGES, damaged ? 'rgb.png' : name));
    const path = join(folder, name);
    writeFileSync(path, withProfile(png, damaged ? Buffer.from('no profile') : profile));
    return path;
  });
  const others = ['rotated-6.jpg', 'wide-gamut.jpg', 'palette.png', 'grey.png', 'rgba.png'];
  return [...[...PLAIN, ...others].map((name) => join(IMAGES, name)), ...made];
}

/** Those that TensorFlow's decoders read as the studio does. */
export function plainFixtures(): string[] {
  return [...PLAIN, 'palette.png', 'grey.png'].map((name) => join(IMAGES, name));
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
