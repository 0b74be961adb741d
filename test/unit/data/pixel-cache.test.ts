import { createHash } from 'node:crypto';
import {
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { workingRule } from '../../../main/engine/data/augmentation.ts';
import { BatchMaker } from '../../../main/engine/data/batch-maker.ts';
import { cacheFault } from '../../../main/engine/data/cache-fault.ts';
import { planCache } from '../../../main/engine/data/cache-plan.ts';
import type { ImageSource } from '../../../main/engine/data/messages.ts';
import { PixelCache } from '../../../main/engine/data/pixel-cache.ts';
import { NO_AUGMENTATION } from '../../../shared/domain/training.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import { IMAGES } from './fixtures.ts';

const PREPROCESSING = {
  imageSize: 16,
  interpolation: 'bicubic',
  cropFraction: 1,
  cropMode: 'center',
  mean: [0, 0, 0],
  std: [1, 1, 1],
} as const;
const AUGMENTATION = { ...NO_AUGMENTATION, cropScaleMin: 0.5 };
const RULE = workingRule(PREPROCESSING, AUGMENTATION).name;
const FILES = ['landscape.jpg', 'portrait.jpg', 'tiny.png', 'rgb.png', 'rgb-24.bmp', 'rgba.webp'];
const ROWS = Int32Array.of(0, 1, 2, 3, 4, 5);

type Damage = [name: string, damage: (pixels: string, index: string) => Promise<unknown>];
const PIPES: Damage[] = CAN_MAKE_PIPES
  ? [
      ['a pipe for the index', (_pixels, index) => becomePipe(index)],
      ['a pipe for the pixels', (pixels) => becomePipe(pixels)],
    ]
  : [];

let dir: string;
let images: ImageSource[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-cache-'));
  images = await Promise.all(
    FILES.map(async (file) => {
      const path = join(IMAGES, file);
      return {
        path,
        sha256: createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      };
    }),
  );
});

async function becomePipe(path: string): Promise<void> {
  await rm(path);
  makePipe(path);
}

afterEach(() => rm(dir, { recursive: true, force: true }));

async function maker(list: readonly ImageSource[] = images): Promise<BatchMaker> {
  const cache = await planCache(dir, RULE, list, 1, 0);
  return new BatchMaker({
    images: list,
    preprocessing: PREPROCESSING,
    augmentation: AUGMENTATION,
    seed: 1,
    cache,
    ownSegment: cache.segments.length - 1,
  });
}

/**
 * Makes a batch in a new session, as a new process would, and returns how many images were cached.
 */
async function session(list?: readonly ImageSource[]) {
  const made = await maker(list);
  const had = [...ROWS].filter((image) => made.cache.has(image)).length;
  const { pixels, problems } = await made.make(0, 0, ROWS);
  expect(problems).toEqual([]);
  expect(made.cache.fault).toBeNull();
  made.cache.close();
  return { had, pixels };
}

async function files(): Promise<string[]> {
  const folder = join(dir, 'pixels', `v2-${RULE}`);
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

describe('a cache folder', () => {
  test('gives back what was decoded, whatever the place in the list, and writes nothing twice', async () => {
    const { had, pixels } = await session();
    expect(had).toBe(0);
    const written = await files();
    expect(written).toHaveLength(2);
    expect(await session()).toEqual({ had: 6, pixels });
    expect((await session([...images].reverse())).had).toBe(6);
    // Identical content under two names shares one cache entry.
    expect((await session(images.map(() => images[2]!))).had).toBe(6);
    expect(await files()).toEqual(written);
  });

  test('goes on where a session was interrupted', async () => {
    const first = await maker();
    await first.make(0, 0, Int32Array.of(0, 1, 2));
    first.cache.close();
    expect((await session()).had).toBe(3);
    expect((await session()).had).toBe(6);
    expect(await files()).toHaveLength(4);
  });

  test.each<Damage>([
    [
      'pixels with flipped bits',
      async (pixels) => {
        const bytes = await readFile(pixels);
        for (let i = 100; i < bytes.length; i += 500) bytes[i]! ^= 0x10;
        await writeFile(pixels, bytes);
      },
    ],
    [
      'pixels cut off',
      async (pixels) => truncate(pixels, Math.floor((await stat(pixels)).size / 2)),
    ],
    ['pixels gone to zero', (pixels) => truncate(pixels, 0)],
    [
      'an index with flipped bits',
      async (_pixels, index) => {
        const bytes = await readFile(index);
        for (let i = 10; i < bytes.length; i += 100) bytes[i]! ^= 0x01;
        await writeFile(index, bytes);
      },
    ],
    ['an index cut off in a record', (_pixels, index) => truncate(index, 150)],
    ['an empty index', (_pixels, index) => truncate(index, 0)],
    ['no index', (_pixels, index) => rm(index)],
    ['no pixels', (pixels) => rm(pixels)],
    ...PIPES,
  ])('is rebuilt from %s', async (_name, damage) => {
    const { pixels } = await session();
    const [index, data] = await files();
    await damage(data!, index!);
    expect((await session()).pixels).toEqual(pixels);
    const repaired = await session();
    expect(repaired.had).toBe(6);
    expect(repaired.pixels).toEqual(pixels);
  });

  test('whose segments another process removes meanwhile does without them', async () => {
    const { pixels } = await session();
    const made = await maker();
    expect(made.cache.has(0)).toBe(true);
    await Promise.all((await files()).map((path) => rm(path)));
    expect((await made.make(0, 0, ROWS)).pixels).toEqual(pixels);
    made.cache.close();
    expect((await session()).had).toBe(6);
  });

  test('that can no longer be written is told once, and images are decoded each time', async () => {
    const made = await maker();
    const folder = join(dir, 'pixels', `v2-${RULE}`);
    await rm(folder, { recursive: true });
    const { problems, pixels } = await made.make(0, 0, ROWS);
    expect(problems).toEqual([]);
    expect(made.cache.fault?.code).toBe('not-writable');
    expect(made.cache.fault?.message).toMatch(
      /no longer cached in .*: there is no such file or folder/,
    );
    expect(made.cache.has(0)).toBe(false);
    expect((await made.make(0, 0, ROWS)).pixels).toEqual(pixels);
    made.cache.close();
  });

  test('whose disk is full is told, once there is an image that no longer fits', async () => {
    const cache = await planCache(dir, RULE, images, 1, 0);
    const full = cacheFault(join(dir, 'pixels'), 'the disk is full');
    new Int32Array(cache.diskLeft)[0] = 100;
    const opened = new PixelCache({ ...cache, diskFull: full }, 0);
    const image = (bytes: number) => ({
      width: bytes / 3,
      height: 1,
      pixels: new Uint8Array(bytes),
    });
    opened.put(0, images[0]!.sha256, image(99 * 64));
    expect(opened.fault).toBeNull();
    opened.put(1, images[1]!.sha256, image(3 * 64));
    expect(opened.fault).toEqual(full);
    expect([0, 1].map((i) => opened.has(i))).toEqual([true, false]);
    opened.close();
  });

  test('does not keep what has no hash or another content than its hash says', async () => {
    const list = images.map(({ path }, i) => ({ path, sha256: i === 0 ? '' : images[0]!.sha256 }));
    const made = await maker(list);
    const { problems, indices } = await made.make(0, 0, ROWS);
    expect([...indices]).toEqual([0, -1, -1, -1, -1, -1]);
    expect(problems.map(({ error }) => error.code)).toEqual(Array(5).fill('file-changed'));
    made.cache.close();
    expect(await files()).toEqual([]);
  });

  test('leaves files of others alone', async () => {
    await session();
    const foreign = join(dir, 'pixels', `v2-${RULE}`, 'notes.txt');
    await writeFile(foreign, 'mine');
    await utimes(foreign, 0, 0);
    await session();
    expect(await readFile(foreign, 'utf8')).toBe('mine');
  });
});

describe('a cache in memory', () => {
  test('keeps images up to its size, shared by all who open the plan', async () => {
    const plan = await planCache(null, RULE, images, 1, 64 * 10);
    const one = new PixelCache(plan, null);
    const other = new PixelCache(plan, null);
    const image = (level: number, width: number) => ({
      width,
      height: 5,
      pixels: new Uint8Array(width * 15).fill(level),
    });
    one.put(0, 'a', image(1, 20)); // 300 bytes, 5 units
    other.put(1, 'b', image(2, 30)); // 450 bytes: no room
    other.put(2, 'c', image(3, 20)); // fits exactly
    one.put(3, 'd', image(4, 1));
    expect([0, 1, 2, 3].map((i) => one.has(i))).toEqual([true, false, true, false]);
    expect(one.get(2)).toEqual(image(3, 20));
    expect(other.get(0)).toEqual(image(1, 20));
    expect(one.get(1)).toBeNull();
  });
});
