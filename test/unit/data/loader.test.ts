import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadForEvaluation } from '../../../main/engine/data/batch-maker.ts';
import type { EpochOptions, ImageBatch } from '../../../main/engine/data/batch-source.ts';
import {
  ImageLoader,
  type ImageLoaderOptions,
  type ImageSource,
} from '../../../main/engine/data/loader.ts';
import { randomStream, shuffledIndices } from '../../../main/engine/random.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { type AugmentationOptions, NO_AUGMENTATION } from '../../../shared/domain/training.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import { IMAGES } from './fixtures.ts';

const PREPROCESSING: Preprocessing = {
  imageSize: 16,
  interpolation: 'bicubic',
  cropFraction: 0.9,
  cropMode: 'center',
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
};
const AUGMENTATION: AugmentationOptions = {
  ...NO_AUGMENTATION,
  cropScaleMin: 0.4,
  padCrop: 2,
  flip: true,
  colorJitter: 0.3,
  rotation: 10,
  randAugmentOps: 1,
  mixup: 0.4,
};
const FILES = [
  ...['landscape.jpg', 'portrait.jpg', 'large.jpg', 'tiny.png', 'rotated-6.jpg'],
  ...['rgb.png', 'rgb-24.bmp', 'animated.gif', 'rgba.webp', 'rgb.tif', 'orientation-3.png'],
];

let dir: string;
let open: ImageLoader[];
let images: ImageSource[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'karst-loader-'));
  open = [];
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

afterEach(async () => {
  await Promise.all(open.map((loader) => loader.close()));
  await rm(dir, { recursive: true, force: true });
});

function loader(options: Partial<ImageLoaderOptions> = {}): ImageLoader {
  const made = new ImageLoader({
    images,
    preprocessing: PREPROCESSING,
    augmentation: AUGMENTATION,
    batchSize: 4,
    seed: 7,
    cacheDir: null,
    ...options,
  });
  open.push(made);
  return made;
}

async function collect(
  from: ImageLoader,
  options: EpochOptions = { epoch: 0, shuffle: true },
): Promise<ImageBatch[]> {
  const batches: ImageBatch[] = [];
  for await (const batch of from.epoch(options)) batches.push(batch);
  return batches;
}

const rows = (batches: readonly ImageBatch[]) => batches.flatMap(({ indices }) => [...indices]);
const row = ({ pixels }: ImageBatch, n: number) => pixels.slice(n * 768, (n + 1) * 768);

describe('batches', () => {
  test('of images that are scaled before they are resized keep what is between the levels', async () => {
    const preprocessing: Preprocessing = { ...PREPROCESSING, rescale: 'before-resizing' };
    const expected = await Promise.all(
      images.map(({ path }) => loadForEvaluation(path, preprocessing)),
    );
    const level = (value: number) => (value * 0.2 + 0.5) * 255;
    const first = level(expected[0]![0]!);
    expect(Math.abs(first - Math.round(first))).toBeGreaterThan(0.01);
    // Decoded, from memory, into a folder and out of it.
    const inFolder = { cacheDir: dir };
    for (const [options, epochs] of [
      [{}, 2],
      [inFolder, 1],
      [inFolder, 1],
    ] as const)
      for (let epoch = 0; epoch < epochs; epoch++) {
        const evaluation = loader({ preprocessing, augmentation: null, ...options });
        const batches = await collect(evaluation, { epoch, shuffle: false });
        for (const [index, wanted] of expected.entries())
          expect(row(batches[Math.floor(index / 4)]!, index % 4)).toEqual(wanted);
        await evaluation.close();
      }
    const [augmented] = await collect(
      loader({ preprocessing, augmentation: { ...NO_AUGMENTATION, flip: true } }),
    );
    for (const value of row(augmented!, 0).slice(0, 256))
      expect(Math.abs(level(value) - Math.round(level(value)))).toBeLessThan(1e-3);
  });

  test('without augmentation they are the evaluation transform, in order, the last one padded', async () => {
    const evaluation = loader({ augmentation: null });
    expect(evaluation.batchesPerEpoch).toBe(3);
    const batches = await collect(evaluation, { epoch: 0, shuffle: false });
    expect(rows(batches)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1]);
    expect(batches.map(({ count }) => count)).toEqual([4, 4, 3]);
    for (const [b, batch] of batches.entries()) {
      expect(batch.pixels.length).toBe(4 * 3 * 16 * 16);
      expect([...batch.partners]).toEqual([0, 1, 2, 3]);
      expect(batch.lambda).toBe(1);
      expect(batch.problems).toEqual([]);
      for (let r = 0; r < batch.count; r++)
        expect(row(batch, r)).toEqual(
          await loadForEvaluation(images[b * 4 + r]!.path, PREPROCESSING),
        );
    }
    expect(row(batches[2]!, 3)).toEqual(new Float32Array(768));
  });

  test('shuffle by (seed, epoch) as shuffledIndices says', async () => {
    const training = loader();
    for (const epoch of [0, 3]) {
      const order = [...shuffledIndices(11, randomStream(7, 'shuffle', epoch))];
      expect(rows(await collect(training, { epoch, shuffle: true }))).toEqual([...order, -1]);
    }
  });

  test('mixup pairs rows from both ends, but never with padding', async () => {
    const batches = await collect(loader());
    const [first, , last] = batches;
    expect([...first!.partners]).toEqual([3, 2, 1, 0]);
    expect([...last!.partners]).toEqual([0, 2, 1, 3]);
    expect(new Set(batches.map(({ lambda }) => lambda)).size).toBe(3);
    const plain = await collect(loader({ augmentation: { ...AUGMENTATION, mixup: 0 } }));
    const { lambda } = first!;
    const own = row(plain[0]!, 0);
    const other = row(plain[0]!, 3);
    expect(row(first!, 0)).toEqual(own.map((v, i) => lambda * v + (1 - lambda) * other[i]!));
    expect(row(last!, 0)).toEqual(row(plain[2]!, 0));
  });

  test('another seed, epoch or image gives other pixels', async () => {
    const order = { epoch: 0, shuffle: false };
    const [a] = await collect(loader(), order);
    const [b] = await collect(loader({ seed: 8 }), order);
    const [c] = await collect(loader(), { epoch: 1, shuffle: false });
    expect(a!.pixels).not.toEqual(b!.pixels);
    expect(a!.pixels).not.toEqual(c!.pixels);
  });

  test('no images give no batches; a batch of 0 is refused', async () => {
    const none = loader({ images: [] });
    expect(none.batchesPerEpoch).toBe(0);
    expect(await collect(none)).toEqual([]);
    expect(() => loader({ batchSize: 0 })).toThrow(RangeError);
  });
});

describe('the same bits', () => {
  test('for any number of threads, with and without a cache, cold and warm, from any batch on', async () => {
    const expected = await collect(loader(), { epoch: 2, shuffle: true });
    const cacheDir = join(dir, 'cache');
    const others: [string, ImageLoader][] = [
      ['three threads', loader({ threads: 3 })],
      ['no room in memory', loader({ memoryBytes: 2000 })],
      ['a cold cache folder', loader({ cacheDir, threads: 2 })],
    ];
    for (const [name, other] of others) {
      expect([name, await collect(other, { epoch: 2, shuffle: true })]).toEqual([name, expected]);
      expect([name, await collect(other, { epoch: 2, shuffle: true })]).toEqual([name, expected]);
    }
    const later = loader({ cacheDir });
    for (const from of [0, 1, 3])
      expect(await collect(later, { epoch: 2, shuffle: true, from })).toEqual(expected.slice(from));
  });

  test('starting late does not decode what came before', async () => {
    const order = shuffledIndices(11, randomStream(7, 'shuffle', 0));
    const broken = images.map((image, i) =>
      order.indexOf(i) < 8 ? { path: join(dir, 'missing.png'), sha256: '' } : image,
    );
    const [batch] = await collect(loader({ images: broken }), { epoch: 0, shuffle: true, from: 2 });
    expect(batch!.problems).toEqual([]);
    expect(batch!.count).toBe(3);
  });

  test('after an iteration that was broken off', async () => {
    const training = loader();
    const expected = await collect(training);
    for await (const batch of training.epoch({ epoch: 1, shuffle: true })) {
      expect(batch.count).toBe(4);
      break;
    }
    expect(await collect(training)).toEqual(expected);
  });
});

describe('images that cannot be used', () => {
  test('become padding, named with path and reason, and everything else goes on', async () => {
    const changed = join(dir, 'changed.png');
    await copyFile(join(IMAGES, 'rgb.png'), changed);
    const list = [
      images[0]!,
      { path: join(IMAGES, 'cut-off.jpg'), sha256: '' },
      { path: changed, sha256: images[0]!.sha256 },
      { path: join(dir, 'gone.png'), sha256: '' },
      images[1]!,
    ];
    const training = loader({ images: list, batchSize: 5 });
    const [batch] = await collect(training, { epoch: 0, shuffle: false });
    expect([...batch!.indices]).toEqual([0, -1, -1, -1, 4]);
    expect(batch!.count).toBe(2);
    expect([...batch!.partners]).toEqual([4, 1, 2, 3, 0]);
    for (const empty of [1, 2, 3]) expect(row(batch!, empty)).toEqual(new Float32Array(768));
    expect(batch!.problems.map(({ index, error }) => [index, error.code, error.path])).toEqual([
      [1, 'file-damaged', list[1]!.path],
      [2, 'file-changed', changed],
      [3, 'not-found', join(dir, 'gone.png')],
    ]);
    expect(batch!.problems[1]!.error.message).toBe(
      `${changed} is no longer the image that was imported.`,
    );
  });

  test.runIf(CAN_MAKE_PIPES)('wait for no image that has become a pipe', async () => {
    const pipe = makePipe(join(dir, 'pipe.png'));
    const list = [images[0]!, { path: pipe, sha256: images[1]!.sha256 }, { path: dir, sha256: '' }];
    const [batch] = await collect(loader({ images: list, batchSize: 3 }), {
      epoch: 0,
      shuffle: false,
    });
    expect([...batch!.indices]).toEqual([0, -1, -1]);
    expect(batch!.problems.map(({ error }) => [error.code, error.message])).toEqual([
      ['not-readable', `Cannot read ${pipe}: it is a pipe, not a file.`],
      ['not-readable', `Cannot read ${dir}: it is a folder.`],
    ]);
  });
});

describe('the cache folder', () => {
  test('keeps decoded images from one loader to the next, even when the sources are gone', async () => {
    const copies = await Promise.all(
      images.map(async ({ path, sha256 }, i) => {
        const copy = join(dir, `copy-${i}`);
        await copyFile(path, copy);
        return { path: copy, sha256 };
      }),
    );
    const first = loader({ images: copies, cacheDir: dir });
    const expected = await collect(first);
    expect(expected.flatMap(({ problems }) => problems)).toEqual([]);
    await first.close();
    await Promise.all(copies.map(({ path }) => rm(path)));
    expect(await collect(loader({ images: copies, cacheDir: dir }))).toEqual(expected);
  });

  test('that cannot be made is told once, and images are kept in memory', async () => {
    const expected = await collect(loader());
    await writeFile(join(dir, 'pixels'), '');
    const faults: ErrorReport[] = [];
    const training = loader({
      cacheDir: dir,
      threads: 2,
      onCacheFault: (fault) => faults.push(fault),
    });
    expect(await collect(training)).toEqual(expected);
    expect(await collect(training)).toEqual(expected);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ code: 'not-writable' });
    expect(faults[0]!.message).toMatch(
      /^Decoded images are no longer cached in .*pixels.*: a part of the path is not a folder\.$/,
    );
  });

  test('that takes no more is told once, whichever thread meets it, and everything goes on', async () => {
    const expected = await collect(loader());
    const faults: ErrorReport[] = [];
    const training = loader({
      cacheDir: dir,
      threads: 3,
      onCacheFault: (fault) => faults.push(fault),
    });
    // Starts the threads before they have written anything.
    expect(await collect(training, { epoch: 0, shuffle: true, from: 3 })).toEqual([]);
    await rm(join(dir, 'pixels'), { recursive: true });
    expect(await collect(training)).toEqual(expected);
    expect(await collect(training)).toEqual(expected);
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Decoded images are no longer cached in .*: there is no such file/),
    ]);
  });
});

describe('threads', () => {
  test('get ready before an epoch asks for them, when told to', async () => {
    await writeFile(join(dir, 'pixels'), '');
    const told = new Promise<ErrorReport>((resolve) => {
      loader({ cacheDir: dir, onCacheFault: resolve }).open();
    });
    expect((await told).code).toBe('not-writable');
  });

  test('work ahead while the caller is busy and never yields', async () => {
    const training = loader({ batchSize: 2, cacheDir: dir });
    const epoch = training.epoch({ epoch: 0, shuffle: true });
    await epoch.next();
    // Blocks this thread's event loop, like a synchronous step of the caller. Each decoded image
    // adds a 64-byte record to the cache index.
    const folder = join(dir, 'pixels', 'v2-whole-24-bicubic');
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const records = () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.index'))
        .reduce((sum, name) => sum + statSync(join(folder, name)).size / 64, 0);
    for (let waits = 0; records() < 11 && waits < 3000; waits++) Atomics.wait(clock, 0, 0, 10);
    expect(records()).toBe(11);
    await epoch.return();
  });

  test('end with close, after which nothing is loaded', async () => {
    const training = loader();
    await collect(training);
    await training.close();
    await training.close();
    await expect(collect(training)).rejects.toThrow('closed');
  });
});
