import type * as fileSystem from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { workingRule } from '../../../main/engine/data/augmentation.ts';
import { BatchMaker } from '../../../main/engine/data/batch-maker.ts';
import { planCache } from '../../../main/engine/data/cache-plan.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { NO_AUGMENTATION } from '../../../shared/domain/training.ts';
import { IMAGES } from './fixtures.ts';

/** Every path passed to `open`, in order. */
const opened = vi.hoisted(() => [] as string[]);
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fileSystem>();
  return {
    ...real,
    open: (path: string, flags: string) => {
      opened.push(path);
      return real.open(path, flags);
    },
  };
});

const PREPROCESSING: Preprocessing = {
  ...{ imageSize: 16, interpolation: 'bicubic', cropFraction: 0.9, cropMode: 'center' },
  ...{ mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
};
const FILES = ['landscape.jpg', 'portrait.jpg', 'large.jpg', 'rgb.png', 'rgba.webp', 'rgb-24.bmp'];
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-reads-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe.each([
  ['in memory', null],
  ['in a folder', 'cache'],
])('with decoded images kept %s', (_, folder) => {
  test.each([
    ['random crops', { ...NO_AUGMENTATION, cropScaleMin: 0.4, flip: true }],
    ['no augmentation', null],
  ])('the second epoch reads no file twice: %s', async (_name, augmentation) => {
    const images = await Promise.all(
      FILES.map(async (name) => {
        const path = join(IMAGES, name);
        const sha256 = createHash('sha256').update(await readFile(path));
        return { path, sha256: sha256.digest('hex') };
      }),
    );
    const cacheDir = folder === null ? null : join(dir, folder);
    const rule = workingRule(PREPROCESSING, augmentation).name;
    const cache = await planCache(cacheDir, rule, images, 1, 2 ** 20);
    const ownSegment = folder === null ? null : cache.segments.length - 1;
    const maker = new BatchMaker({
      ...{ images, preprocessing: PREPROCESSING, augmentation, seed: 1, cache, ownSegment },
    });
    const epoch = async (number: number): Promise<string[]> => {
      opened.length = 0;
      for (const [batch, rows] of [Int32Array.of(3, 0, 5), Int32Array.of(1, 4, 2)].entries())
        expect((await maker.make(number, batch, rows)).problems).toEqual([]);
      return [...opened].sort();
    };
    expect(await epoch(0)).toEqual(images.map(({ path }) => path).sort());
    expect(await epoch(1)).toEqual([]);
    expect(await epoch(2)).toEqual([]);
    maker.cache.close();
  });
});
