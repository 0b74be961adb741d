import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, karst, refusal, someDigits, workplace } from './karst.ts';
import { datasetGrown, datasetImport, datasetPlanned } from './schemas.ts';

let folder: string;
let home: string;
let images: string;
/** Digits that are not in the dataset. */
let more: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  images = path.join(folder, 'digits');
  more = path.join(folder, 'more');
  someDigits(images, 2, 5);
  someDigits(more, 4, 9);
  for (const name of ['0', '1'])
    for (const file of readdirSync(path.join(images, name))) rmSync(path.join(more, name, file));
  await answer(datasetImport, at('dataset', 'add', images));
});
afterAll(() => remove());

const at = (...args: string[]) => [...args, '--home', home];

describe('a dataset on the command line', () => {
  it('is updated from its source, after a dry run that changes nothing', async () => {
    const [file = ''] = readdirSync(path.join(more, '0'));
    copyFileSync(path.join(more, '0', file), path.join(images, '0', file));
    mkdirSync(path.join(images, '2'));
    for (const name of readdirSync(path.join(more, '2')))
      copyFileSync(path.join(more, '2', name), path.join(images, '2', name));
    const [gone = ''] = readdirSync(path.join(images, '1'));
    rmSync(path.join(images, '1', gone));
    writeFileSync(path.join(images, '2', 'torn.png'), 'no picture');

    const dry = await answer(datasetPlanned, at('dataset', 'update', 'digits', '--dry-run'));
    expect(dry.changes).toMatchObject({ added: 11, missing: 1, changed: 0 });
    expect(dry.dataset.classes).toHaveLength(2);
    const shown = await karst(at('dataset', 'update', 'digits', '--dry-run'));
    expect(shown.out).toMatch(/^digits would take:\n11 new images in 2 classes\n1 image missing\n/);
    expect(shown.out).toMatch(/^2 +10 +new class$/m);

    const done = await answer(datasetGrown, at('dataset', 'update', 'digits'));
    expect(done).toMatchObject({ changes: dry.changes, unusable: 1 });
    expect(done.dataset.classes.map(({ name }) => name)).toEqual(['0', '1', '2']);
    expect(done.problems.map(({ kind }) => kind)).toEqual(['missing', 'unreadable']);
    expect((await karst(at('dataset', 'update', 'digits'))).out).toBe(
      'digits:\nNothing is new, changed or missing.\n',
    );
  });

  it('takes images from elsewhere, into a class or with classes of their own', async () => {
    const files = readdirSync(path.join(more, '3')).map((name) => path.join(more, '3', name));
    const [first = '', ...others] = files;
    const into = ['--class', 'three'];
    const added = await answer(datasetGrown, at('dataset', 'add-images', 'digits', first, ...into));
    expect(added.changes).toMatchObject({
      added: 1,
      classes: [{ name: 'three', images: 1, isNew: true }],
    });
    const all = ['dataset', 'add-images', 'digits', path.join(more, '3'), ...into];
    const rest = await answer(datasetGrown, at(...all));
    expect(rest.changes).toMatchObject({ added: others.length, known: 1 });
    expect((await karst(at(...all))).out).toMatch(
      /^digits:\nNothing is new.\n9 images already in it$/m,
    );
    const own = await answer(datasetGrown, at('dataset', 'add-images', 'digits', more));
    expect(own.changes.classes.map(({ name, isNew }) => [name, isNew])).toEqual([
      ['0', false],
      ['1', false],
      ['2', false],
    ]);
    const empty = path.join(folder, 'empty');
    mkdirSync(empty);
    expect(await refusal(at('dataset', 'add-images', 'digits', empty, ...into))).toMatchObject({
      exit: 1,
      code: 'dataset-unusable',
    });
    expect(await refusal(at('dataset', 'update', 'digitz'))).toMatchObject({ code: 'not-found' });
  });
});
