import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Augmenter } from '../../../main/engine/data/augmentation.ts';
import { evaluationPixels } from '../../../main/engine/data/preprocessing.ts';
import { randomStream } from '../../../main/engine/random.ts';
import { readImage } from '../../../main/formats/image.ts';
import { spawnChildEngine } from '../../../main/host/engine/child-engine.ts';
import type { AugmentationRequest } from '../../../main/host/contract/datasets.ts';
import type { EngineSpawner } from '../../../main/host/contract/engine.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { openStudio } from '../../../main/host/open-studio.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { NO_AUGMENTATION, type AugmentationOptions } from '../../../shared/domain/training.ts';
import { IMAGES } from '../../unit/data/fixtures.ts';
import { refusal, temporaryFolder } from '../../unit/host/support.ts';

const PREPROCESSING: Preprocessing = {
  imageSize: 64,
  interpolation: 'bicubic',
  cropFraction: 0.875,
  cropMode: 'center',
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
/** In position order: three photographs and a truncated file. Two plain images follow. */
const FILES = ['landscape.jpg', 'portrait.jpg', 'rotated-6.jpg', 'cut-off.jpg'];

/** Makes any import of TensorFlow in the engine fail. */
const WITHOUT_TENSORFLOW = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(name, context, next) {
      if (name.startsWith('@tensorflow')) throw new Error('TensorFlow was asked for');
      return next(name, context);
    },
  });
`)}`;
const withoutTensorFlow: EngineSpawner = (options) =>
  spawnChildEngine({
    ...options,
    env: { ...options.env, NODE_OPTIONS: `--import=${WITHOUT_TENSORFLOW}` },
  });

let folder: string;
/** Shared by the tests that do not close it. */
let studio: Studio;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'karst augment ä-'));
  mkdirSync(join(folder, 'Ähren im Wind'));
  FILES.forEach((file, i) =>
    copyFileSync(join(IMAGES, file), join(folder, 'Ähren im Wind', `${i} ${file}`)),
  );
  mkdirSync(join(folder, 'Öl'));
  for (const [i, background] of ['red', 'blue'].entries())
    await sharp({ create: { width: 80, height: 70, channels: 3, background } })
      .png()
      .toFile(join(folder, 'Öl', `${i}.png`));
  studio = await imported();
});
afterAll(async () => {
  await studio.close();
  rmSync(folder, { recursive: true });
});

/** Opens another studio whose home lies inside the image folder. */
async function imported(): Promise<Studio> {
  const home = mkdtempSync(join(folder, '.home-'));
  const opened = await openStudio({ home, spawn: withoutTensorFlow, starter: null });
  await opened.datasets.add(folder, { name: 'x', val: 0 });
  return opened;
}

const request = (
  positions: readonly number[],
  augmentation: Partial<AugmentationOptions> = {},
  more: Partial<AugmentationRequest> = {},
): AugmentationRequest => ({
  positions,
  preprocessing: PREPROCESSING,
  augmentation: { ...NO_AUGMENTATION, ...augmentation },
  copies: 1,
  seed: 3,
  ...more,
});

async function pixelsOf(path: string): Promise<Uint8Array> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([64, 64, 3]);
  return data;
}

describe('pictures of augmentation', () => {
  it('are what the engine feeds to the model, and need no TensorFlow', async () => {
    expect((await refusal(studio.probe(), 'engine-unavailable')).message).toContain('TensorFlow');
    const [[plain] = []] = await studio.datasets.augment('x', request([1]));
    const portrait = await readImage(join(folder, 'Ähren im Wind', '1 portrait.jpg'));
    const square = evaluationPixels(portrait, PREPROCESSING);
    expect(await pixelsOf(plain ?? '')).toEqual(Buffer.from(square));

    const options = { flip: true, padCrop: 4, rotation: 20, colorJitter: 0.4 };
    const [first = [], second = []] = await studio.datasets.augment(
      'x',
      request([2, 1], options, { copies: 3 }),
    );
    expect([first.length, second.length]).toEqual([3, 3]);
    const augmenter = new Augmenter(PREPROCESSING, { ...NO_AUGMENTATION, ...options });
    for (const [epoch, path] of second.entries()) {
      const stream = randomStream(3, 'augment', epoch, 1);
      const wanted = augmenter.apply({ width: 64, height: 64, pixels: square }, stream);
      expect(await pixelsOf(path)).toEqual(Buffer.from(wanted));
    }
  });

  it('show random crops and mixed images, too', async () => {
    const [crops = []] = await studio.datasets.augment(
      'x',
      request([0], { cropScaleMin: 0.2 }, { copies: 2 }),
    );
    const [one, two] = [await pixelsOf(crops[0] ?? ''), await pixelsOf(crops[1] ?? '')];
    expect(one).not.toEqual(two);

    const [red = [], blue = []] = await studio.datasets.augment('x', request([4, 5], { mixup: 1 }));
    const [a, b] = [await pixelsOf(red[0] ?? ''), await pixelsOf(blue[0] ?? '')];
    const share = a[0] ?? 0;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(255);
    expect([a[1], b[1]]).toEqual([0, 0]);
    expect(Math.abs(share + (a[2] ?? 0) - 255)).toBeLessThanOrEqual(1);
    expect([b[0], b[2]]).toEqual([a[2], a[0]]);
  });

  it('leave out what cannot be read; when nothing can, the reason is told', async () => {
    const answer = await studio.datasets.augment('x', request([3, 0], {}, { copies: 2 }));
    expect(answer.map((files) => files.length)).toEqual([0, 2]);
    const error = await refusal(studio.datasets.augment('x', request([3])), 'file-damaged');
    expect(error.path).toBe(join(folder, 'Ähren im Wind', '3 cut-off.jpg'));
    expect(await studio.datasets.augment('x', request([]))).toEqual([]);
    await refusal(studio.datasets.augment('x', request([6])), 'not-found');
    await refusal(studio.datasets.augment('y', request([0])), 'not-found');
  });

  it('do not show another file than the one that was imported', async () => {
    const own = temporaryFolder();
    mkdirSync(join(own, 'a'));
    copyFileSync(join(IMAGES, 'portrait.jpg'), join(own, 'a', '0.jpg'));
    await studio.datasets.add(own, { name: 'own', val: 0 });
    copyFileSync(join(IMAGES, 'landscape.jpg'), join(own, 'a', '0.jpg'));
    await refusal(studio.datasets.augment('own', request([0])), 'file-changed');
    await studio.datasets.check('own');
    expect(await studio.datasets.augment('own', request([0]))).toHaveLength(1);
    writeFileSync(join(own, 'a', '0.jpg'), 'no picture');
    await refusal(studio.datasets.augment('own', request([0])), 'format-unknown');
  });

  it('are kept for the latest questions alone, and not beyond the studio', async () => {
    const own = await imported();
    const shown: string[] = [];
    for (let seed = 0; seed < 5; seed++) {
      const [[path] = []] = await own.datasets.augment('x', request([4], {}, { seed }));
      shown.push(path ?? '');
    }
    expect(shown.map((path) => existsSync(path))).toEqual([false, true, true, true, true]);
    const room = dirname(dirname(shown[4] ?? ''));
    expect(existsSync(room)).toBe(true);
    await own.close();
    expect(existsSync(room)).toBe(false);
  });

  it('of a question end when a newer one comes, the signal is given or the studio closes', async () => {
    const own = await imported();
    const many = request([0, 1, 2], { cropScaleMin: 0.5 }, { copies: 16 });
    const older = refusal(own.datasets.augment('x', many), 'cancelled');
    const newer = own.datasets.augment('x', request([4]));
    await older;
    expect(await newer).toHaveLength(1);
    const abort = new AbortController();
    const asked = refusal(
      own.datasets.augment('x', { ...many, signal: abort.signal }),
      'cancelled',
    );
    abort.abort();
    await asked;
    const last = refusal(own.datasets.augment('x', many), 'cancelled');
    await own.close();
    await last;
  });
});
