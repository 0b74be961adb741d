import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { DatasetChanges } from '../../../shared/domain/library.ts';
import {
  refusal,
  studioIn,
  temporaryFolder,
  writeClassFolders,
  writeImage,
} from '../../unit/host/support.ts';

const NONE: DatasetChanges = {
  ...{ added: 0, classes: [], changed: 0, missing: 0, unreadable: 0 },
  ...{ back: 0, known: 0, unlisted: 0 },
};

/** A studio with the dataset `x` of a folder with the classes a and b, of ten images each. */
async function grown(): Promise<{ studio: Studio; root: string }> {
  const root = temporaryFolder();
  await writeClassFolders(root, { a: 10, b: 10 });
  const studio = await studioIn(join(temporaryFolder(), 'home'));
  await studio.datasets.add(root, { name: 'x' });
  return { studio, root };
}

async function update(studio: Studio) {
  const { token } = await studio.growth.planUpdate('x');
  return studio.growth.apply(token);
}

const images = (studio: Studio) => [...studio.datasets.images('x')];
const imageAt = (studio: Studio, path: string) =>
  images(studio).find((image) => image.path === path);
const classNames = (studio: Studio) => studio.datasets.get('x').classes.map(({ name }) => name);

describe('an update from the source', () => {
  it('finds nothing where nothing is new, and leaves everything as it is', async () => {
    const { studio } = await grown();
    const before = [...images(studio)];
    expect((await studio.growth.planUpdate('x')).changes).toEqual(NONE);
    const { dataset, problems } = await update(studio);
    expect(images(studio)).toEqual(before);
    expect([dataset.counts, problems]).toEqual([{ train: 16, val: 4, test: 0 }, []]);
  });

  it('takes new files, a new class, other contents and what has gone, after it was shown', async () => {
    const { studio, root } = await grown();
    for (let i = 10; i < 15; i++) await writeImage(join(root, 'a', `${i}.png`), 100 + i);
    await writeClassFolders(root, { c: 5 }, 1000);
    await writeImage(join(root, 'b', '3.png'), 333);
    const gone = images(studio).find(({ label, split }) => label === 0 && split === 'train')!.path;
    const bytes = readFileSync(gone);
    rmSync(gone);
    writeFileSync(join(root, 'b', 'torn.png'), 'no picture');
    const before = images(studio);
    const planned = await studio.growth.planUpdate('x');
    const changes = {
      ...NONE,
      added: 11,
      classes: [
        { name: 'a', images: 5, isNew: false },
        { name: 'b', images: 1, isNew: false },
        { name: 'c', images: 5, isNew: true },
      ],
      changed: 1,
      missing: 1,
    };
    expect(planned.changes).toEqual(changes);
    expect(images(studio)).toEqual(before);

    const { dataset, unusable, problems } = await studio.growth.apply(planned.token);
    expect(unusable).toBe(1);
    expect(dataset.classes).toMatchObject([
      { index: 0, name: 'a', train: 11, val: 3 },
      { index: 1, name: 'b', train: 8, val: 2 },
      { index: 2, name: 'c', train: 4, val: 1 },
    ]);
    expect(studio.classes.history('x')).toMatchObject([{ kind: 'added', label: 2, name: 'c' }]);
    const after = images(studio);
    expect(after.map(({ position }) => position)).toEqual(after.map((_, i) => i));
    expect(after).toHaveLength(31);
    expect(imageAt(studio, join(root, 'b', '3.png'))).toMatchObject({ state: 'ok', label: 1 });
    expect(problems.map(({ kind, path }) => [kind, path])).toEqual([
      ['missing', gone],
      ['unreadable', join(root, 'b', 'torn.png')],
    ]);
    for (const image of before.filter(({ state }) => state === 'ok'))
      expect(after[image.position]).toMatchObject({ split: image.split, label: image.label });

    writeFileSync(gone, bytes);
    await writeImage(join(root, 'b', 'torn.png'), 500);
    const again = await update(studio);
    expect(again.changes).toEqual({ ...NONE, back: 2 });
    expect(again.problems).toEqual([]);
    expect(again.dataset.unusable).toBe(0);
  });

  it('keeps what was corrected, and follows classes that were renamed and merged', async () => {
    const { studio, root } = await grown();
    await writeClassFolders(root, { c: 4 }, 1000);
    await update(studio);
    const moved = join(root, 'a', '1.png');
    const { position } = imageAt(studio, moved)!;
    studio.datasets.change('x', [position], { label: 1, split: 'test', excluded: true });
    studio.classes.rename('x', 0, 'alpha');
    studio.classes.merge('x', 2, 1);
    await writeImage(moved, 77);
    await writeImage(join(root, 'a', 'new.png'), 78);
    await writeImage(join(root, 'c', 'new.png'), 79);
    const { changes } = await update(studio);
    expect(changes).toMatchObject({ added: 2, changed: 1 });
    expect(changes.classes).toEqual([
      { name: 'alpha', images: 1, isNew: false },
      { name: 'b', images: 1, isNew: false },
    ]);
    expect(imageAt(studio, moved)).toMatchObject({ label: 1, split: 'test', excluded: true });
    expect(imageAt(studio, join(root, 'a', 'new.png'))?.label).toBe(0);
    expect(imageAt(studio, join(root, 'c', 'new.png'))?.label).toBe(1);
    expect(classNames(studio)).toEqual(['alpha', 'b']);
  });

  it('puts copies into the split of their copy, and says what they are', async () => {
    const { studio, root } = await grown();
    const [held] = [...studio.datasets.images('x', 'val')];
    const copy = join(root, 'b', 'copy.png');
    copyFileSync(held!.path, copy);
    const { problems } = await update(studio);
    expect(imageAt(studio, copy)).toMatchObject({
      split: 'val',
      state: 'duplicate',
      reason: `It is an exact duplicate of ${held!.path}.`,
      duplicateOf: held!.position,
    });
    expect(problems.map(({ path }) => path)).toEqual([copy]);
    rmSync(copy);
    expect((await update(studio)).problems.map(({ kind }) => kind)).toEqual(['missing']);
  });

  it('takes the split that the source gives', async () => {
    const root = temporaryFolder();
    for (const split of ['train', 'test'])
      await writeClassFolders(join(root, split), { a: 3, b: 3 });
    const studio = await studioIn(join(temporaryFolder(), 'home'));
    await studio.datasets.add(root, { name: 'x' });
    await writeImage(join(root, 'test', 'b', 'new.png'), 900);
    await update(studio);
    expect(imageAt(studio, join(root, 'test', 'b', 'new.png'))).toMatchObject({
      split: 'test',
      givenSplit: 'test',
    });
  });

  it('asks what is not clear, and keeps the answer', async () => {
    const { studio, root } = await grown();
    mkdirSync(join(root, 'sites'));
    for (const folder of ['north', 'south'])
      await writeClassFolders(join(root, 'sites', folder), { a: 1, b: 1 });
    for (const name of ['a', 'b']) renameSync(join(root, name), join(root, 'sites', name));
    const { code, option } = await refusal(studio.growth.planUpdate('x'), 'dataset-unusable');
    expect([code, option]).toEqual(['dataset-unusable', '--as LAYOUT']);
    const planned = await studio.growth.planUpdate('x', { as: 'inner-folders' });
    expect(planned.changes).toMatchObject({ added: 24, missing: 20 });
    await studio.growth.apply(planned.token);
    expect((await studio.growth.planUpdate('x')).changes).toEqual(NONE);
  });

  it('leaves the dataset as it was when it is cancelled, or its folder has gone', async () => {
    const { studio, root } = await grown();
    await writeClassFolders(root, { c: 30 });
    const before = [images(studio), studio.datasets.get('x'), studio.datasets.problems('x')];
    const planned = await studio.growth.planUpdate('x');
    const abort = new AbortController();
    const applying = studio.growth.apply(planned.token, {
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 5) abort.abort();
      },
    });
    await refusal(applying, 'cancelled');
    expect([images(studio), studio.datasets.get('x'), studio.datasets.problems('x')]).toEqual(
      before,
    );
    await studio.growth.apply(planned.token);
    await refusal(studio.growth.apply(planned.token), 'not-found');
    rmSync(root, { recursive: true });
    await refusal(studio.growth.planUpdate('x'), 'not-found');
    expect(studio.datasets.get('x').unusable).toBe(0);
  });

  it('is refused when the dataset has grown since it was looked through', async () => {
    const { studio, root } = await grown();
    await writeImage(join(root, 'a', 'new.png'), 900);
    const { token, dataset } = await studio.growth.planUpdate('x');
    const other = join(temporaryFolder(), 'one.png');
    await writeImage(other, 901);
    await studio.growth.apply(
      (await studio.growth.planAddition('x', [other], { into: { label: 0 } })).token,
    );
    await refusal(studio.growth.apply(token), 'not-found');
    expect(studio.datasets.get(dataset.id).counts.train).toBeGreaterThanOrEqual(17);
  });
});

describe('images from elsewhere', () => {
  it('join a class, an old or a new one, and are looked for there from now on', async () => {
    const { studio, root } = await grown();
    const elsewhere = join(temporaryFolder(), 'photos');
    for (let i = 0; i < 5; i++) await writeImage(join(elsewhere, `${i}.png`), 200 + i);
    const single = join(temporaryFolder(), 'single.png');
    await writeImage(single, 300);
    const own = join(root, 'a', '0.png');
    const planned = await studio.growth.planAddition('x', [elsewhere, single, own], {
      into: { newClass: ' fern ' },
    });
    expect(planned.changes).toEqual({
      ...NONE,
      added: 6,
      known: 1,
      classes: [{ name: 'fern', images: 6, isNew: true }],
    });
    const { dataset } = await studio.growth.apply(planned.token);
    expect(dataset.classes[2]).toMatchObject({ index: 2, name: 'fern', train: 5, val: 1 });
    const { images: found } = studio.datasets.gallery(
      'x',
      { search: 'photos/3' },
      { offset: 0, limit: 9 },
    );
    expect(found.map(({ file }) => file)).toEqual(['photos/3.png']);
    expect(imageAt(studio, own)?.label).toBe(0);

    studio.classes.merge('x', 2, 1);
    await writeImage(join(elsewhere, 'late.png'), 400);
    rmSync(single);
    const { changes } = await update(studio);
    expect(changes).toMatchObject({
      missing: 1,
      classes: [{ name: 'b', images: 1, isNew: false }],
    });
    expect(imageAt(studio, join(elsewhere, 'late.png'))?.label).toBe(1);
    rmSync(elsewhere, { recursive: true });
    expect((await update(studio)).changes).toMatchObject({ missing: 6, added: 0 });
  });

  it('come with classes of their own, or are refused with the reason', async () => {
    const { studio } = await grown();
    const elsewhere = temporaryFolder();
    await writeClassFolders(join(elsewhere, 'more'), { b: 2, d: 2 });
    const { token, changes } = await studio.growth.planAddition('x', [join(elsewhere, 'more')]);
    expect(changes.classes).toEqual([
      { name: 'b', images: 2, isNew: false },
      { name: 'd', images: 2, isNew: true },
    ]);
    await studio.growth.apply(token);
    expect(classNames(studio)).toEqual(['a', 'b', 'd']);
    // What is left there has no class.
    for (const name of ['b', 'd']) rmSync(join(elsewhere, 'more', name), { recursive: true });
    await writeImage(join(elsewhere, 'more', 'loose.png'), 500);
    expect((await update(studio)).changes).toMatchObject({ missing: 4, added: 0 });
    const empty = temporaryFolder();
    const add = (into?: { label: number } | { newClass: string }, path = empty) =>
      studio.growth.planAddition('x', [path], into === undefined ? {} : { into });
    await refusal(add({ label: 0 }), 'dataset-unusable');
    await refusal(add({ label: 9 }, elsewhere), 'not-found');
    await refusal(add({ newClass: 'a' }, elsewhere), 'name-taken');
    await refusal(add({ newClass: ' ' }, elsewhere), 'usage');
    await refusal(add({ label: 0 }, join(empty, 'gone')), 'not-found');
    expect(existsSync(empty)).toBe(true);
  });
});
