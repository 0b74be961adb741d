import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { KarstError } from '../../../shared/domain/errors.ts';
import { MediaRegistry } from '../../../main/host/media/media-registry.ts';
import { LARGEST_PICTURE } from '../../../shared/domain/picture-limit.ts';
import { Thumbnails } from '../../../main/host/media/thumbnails.ts';
import { Semaphore } from '../../../main/host/media/semaphore.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import { refusal, temporaryFolder, writeImage } from './support.ts';

const IMAGES = fileURLToPath(new URL('../../fixtures/images', import.meta.url));
const fixture = (name: string): string => join(IMAGES, name);
const SHA = 'ab'.repeat(32);

const registries: MediaRegistry[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});

function registry(
  cacheDir = temporaryFolder(),
  files: readonly string[] = [],
): { media: MediaRegistry; problems: KarstError[]; cacheDir: string } {
  const problems: KarstError[] = [];
  const media = new MediaRegistry({
    cacheDir,
    datasetImage(datasetId, position) {
      const path = datasetId === 'ds-1' ? files[position] : undefined;
      if (path === undefined) throw new KarstError('not-found', 'There is no such image.');
      return { path, sha256: SHA };
    },
    onProblem: (error) => problems.push(error),
  });
  registries.push(media);
  return { media, problems, cacheDir };
}

async function sizeOf(bytes: Uint8Array): Promise<[number, number]> {
  const { width, height } = await sharp(bytes).metadata();
  return [width, height];
}

describe('pictures', () => {
  it('of datasets come in the size asked for, rounded up, with the orientation applied', async () => {
    const { media } = registry(undefined, [fixture('large.jpg'), fixture('rotated-6.jpg')]);
    const { width, height } = await sharp(fixture('large.jpg')).metadata();
    const small = await media.picture('d.ds-1.0', 100);
    expect(small.type).toBe('image/webp');
    expect(Math.max(...(await sizeOf(small.bytes)))).toBe(Math.min(128, Math.max(width, height)));
  });

  it('are turned as their EXIF says', async () => {
    const path = join(temporaryFolder(), 'turned.jpg');
    await sharp({ create: { width: 400, height: 200, channels: 3, background: '#a04020' } })
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toFile(path);
    const { media } = registry();
    expect(await sizeOf((await media.picture(media.register(path), 128)).bytes)).toEqual([64, 128]);
  });

  it('that are small already are shown as they are', async () => {
    const path = join(temporaryFolder(), 'digit.png');
    await writeImage(path, 7);
    const { media } = registry();
    const picture = await media.picture(media.register(path), 256);
    expect(picture.type).toBe('image/png');
    expect(Buffer.from(picture.bytes).equals(readFileSync(path))).toBe(true);
  });

  it('come whole, converted where a browser does not show the format', async () => {
    const { media } = registry();
    const jpeg = await media.picture(media.register(fixture('landscape.jpg')), null);
    expect(jpeg.type).toBe('image/jpeg');
    expect(Buffer.from(jpeg.bytes).equals(readFileSync(fixture('landscape.jpg')))).toBe(true);
    for (const name of ['rgb.tif', 'rgb-24.bmp', 'heif-rotated.heic']) {
      const shown = await media.picture(media.register(fixture(name)), null);
      expect(shown.type).toBe('image/webp');
      const decoded = await sharp(shown.bytes).metadata();
      expect(decoded.format).toBe('webp');
    }
  });

  it('show of a damaged file what can be read of it', async () => {
    const { media } = registry();
    const picture = await media.picture(media.register(fixture('cut-off.jpg')), null);
    expect(picture.type).toBe('image/jpeg');
  });

  it.each([
    ['drawing.svg', 'format-unsupported'],
    ['README.md', 'format-unknown'],
  ] as const)('refuse %s', async (name, code) => {
    const { media } = registry();
    await refusal(media.picture(media.register(fixture(name)), 128), code);
    await refusal(media.picture(media.register(fixture(name)), null), code);
  });

  it.each([
    'd.ds-1.3',
    'd.ds-2.0',
    'd.ds-1.x',
    'd.ds-1',
    'u.0123',
    'f.0123',
    '..',
    'd...%2f..',
    '/etc/passwd',
  ])('of the name %s are not there', async (name) => {
    const { media } = registry();
    await refusal(media.picture(name, 128), 'not-found');
    await refusal(() => media.pathOf(name), 'not-found');
  });

  it('are drawn once and kept by their content', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'once.jpg');
    copyFileSync(fixture('large.jpg'), path);
    const { media, cacheDir } = registry(undefined, [path]);
    const first = await media.picture('d.ds-1.0', 128);
    const kept = join(cacheDir, 'thumbnails', 'ab', `${SHA}-128.webp`);
    expect(existsSync(kept)).toBe(true);
    rmSync(path);
    const second = await media.picture('d.ds-1.0', 128);
    expect(Buffer.from(second.bytes).equals(Buffer.from(first.bytes))).toBe(true);
    await refusal(media.picture('d.ds-1.0', 256), 'not-found');
  });

  it('of files that are named by the host change with them', async () => {
    const path = join(temporaryFolder(), 'changing.jpg');
    copyFileSync(fixture('large.jpg'), path);
    const { media } = registry();
    const name = media.register(path);
    expect(media.register(path)).toBe(name);
    expect(media.pathOf(name)).toBe(path);
    const before = await media.picture(name, 64);
    copyFileSync(fixture('wide-gamut.jpg'), path);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    const after = await media.picture(name, 64);
    expect(Buffer.from(after.bytes).equals(Buffer.from(before.bytes))).toBe(false);
  });

  it.runIf(CAN_MAKE_PIPES)('of what has become a pipe are refused without waiting', async () => {
    const folder = temporaryFolder();
    const pipe = makePipe(join(folder, 'pipe.jpg'));
    const { media, cacheDir, problems } = registry(undefined, [pipe, fixture('large.jpg')]);
    await refusal(media.picture('d.ds-1.0', 128), 'not-readable');
    await refusal(media.picture('d.ds-1.0', null), 'not-readable');
    // The same holds for a pipe in place of a cached picture.
    mkdirSync(join(cacheDir, 'thumbnails', 'ab'), { recursive: true });
    makePipe(join(cacheDir, 'thumbnails', 'ab', `${SHA}-128.webp`));
    expect((await media.picture('d.ds-1.1', 128)).type).toBe('image/webp');
    expect(problems.map(({ code }) => code)).toEqual(['not-readable']);
  });

  it('are shown even when they cannot be kept, and that is told once', async () => {
    const blocked = join(temporaryFolder(), 'a-file');
    await writeImage(blocked, 1);
    const { media, problems } = registry(blocked, [fixture('large.jpg')]);
    expect((await media.picture('d.ds-1.0', 128)).type).toBe('image/webp');
    await media.picture('d.ds-1.0', 64);
    expect(problems.map(({ code }) => code)).toEqual(['not-found']);
  });
});

describe('the cache of small pictures', () => {
  it('loses the oldest when it has grown too large', async () => {
    const cacheDir = temporaryFolder();
    const problems: KarstError[] = [];
    const thumbnails = new Thumbnails(cacheDir, (error) => problems.push(error));
    await thumbnails.prune(0);
    const keys = ['11', '22', '33', '44'].map((pair) => pair.repeat(32));
    const paths: string[] = [];
    let total = 0;
    for (const [i, key] of keys.entries()) {
      const { bytes } = await thumbnails.small(fixture('large.jpg'), key, 128);
      const path = join(cacheDir, 'thumbnails', key.slice(0, 2), `${key}-128.webp`);
      utimesSync(path, new Date(), new Date(Date.now() - (10 - i) * 60_000));
      paths.push(path);
      total += bytes.byteLength;
    }
    await thumbnails.prune(total);
    expect(paths.map((path) => existsSync(path))).toEqual([true, true, true, true]);
    await thumbnails.prune(total - 1);
    expect(paths.map((path) => existsSync(path))).toEqual([false, false, true, true]);
    expect(problems).toEqual([]);
  });
});

describe('uploads', () => {
  it('are images that decode, and gone at the end', async () => {
    const { media } = registry();
    const bytes = readFileSync(fixture('landscape.jpg'));
    const name = await media.addUpload('holiday.jpg', bytes);
    expect(name).toMatch(/^u\.[0-9a-f]{24}$/);
    const path = media.pathOf(name);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    const folder = join(path, '..');
    expect(readdirSync(folder)).toHaveLength(1);
    await media.close();
    expect(existsSync(folder)).toBe(false);
    await refusal(() => media.pathOf(name), 'not-found');
  });

  it.each([
    ['notes.txt', Buffer.from('not an image at all, but long enough to be one'), 'format-unknown'],
    ['empty.png', Buffer.alloc(0), 'file-damaged'],
    ['drawing.svg', readFileSync(fixture('drawing.svg')), 'format-unsupported'],
    ['cut.jpg', readFileSync(fixture('large.jpg')).subarray(0, 600), 'file-damaged'],
  ] as const)('are refused when %s is no image', async (name, bytes, code) => {
    const { media } = registry();
    const error = await refusal(media.addUpload(name, bytes), code);
    expect(error.message).toContain(name);
  });

  it('are refused above 40 MB', async () => {
    const { media } = registry();
    const error = await refusal(
      media.addUpload('huge.png', new Uint8Array(LARGEST_PICTURE + 1)),
      'usage',
    );
    expect(error.message).toBe('huge.png is larger than 40 MB.');
  });
});

describe('the semaphore', () => {
  it('runs no more than its permits, the newest waiter first', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let active = 0;
    let most = 0;
    const releases: (() => void)[] = [];
    const all = [1, 2, 3, 4, 5].map((n) =>
      semaphore.run(async () => {
        order.push(n);
        most = Math.max(most, ++active);
        await new Promise<void>((resolve) => releases.push(resolve));
        active--;
        if (n === 2) throw new Error('two');
      }),
    );
    const outcomes = Promise.allSettled(all);
    for (let done = 0; done < 5;) {
      await new Promise((resolve) => setImmediate(resolve));
      const release = releases.shift();
      if (release === undefined) continue;
      release();
      done++;
    }
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(order).toEqual([1, 2, 5, 4, 3]);
    expect(most).toBe(2);
  });
});
