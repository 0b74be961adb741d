import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DatasetImport } from '../../../main/host/contract/datasets.ts';
import type { ImportLayout } from '../../../shared/domain/dataset.ts';
import { refusal, studioIn, temporaryFolder, writeImage } from './support.ts';

let painted = 0;

/** Writes distinct images: `{'train/cat': 3}` creates `train/cat/0.png` to `2.png`. */
async function tree(root: string, folders: Readonly<Record<string, number>>): Promise<string> {
  for (const [folder, n] of Object.entries(folders))
    for (let i = 0; i < n; i++) await writeImage(join(root, folder, `${i}.png`), painted++);
  return root;
}

function write(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

interface Options {
  readonly as?: ImportLayout;
  readonly encoding?: string;
}

const studio = () => studioIn(join(temporaryFolder(), 'home'));

async function add(path: string, options: Options = {}): Promise<DatasetImport> {
  return (await studio()).datasets.add(path, { name: 'x', val: 0, ...options });
}

/** What an import would make of it, or the question asked before. */
async function look(path: string, options: Options = {}) {
  return (await studio()).datasets.preview(path, options);
}

/** The question about the folders. */
async function ask(path: string, options: Options = {}) {
  const question = await look(path, options);
  if (question.kind !== 'layout') throw new Error(`no question: ${JSON.stringify(question)}`);
  return question;
}

/** Formats as `cat 2/1/0`: training, validation and test images. */
const classes = ({ dataset }: DatasetImport): string[] =>
  dataset.classes.map((c) => `${c.name} ${c.train}/${c.val}/${c.test}`);
const told = ({ problems }: DatasetImport, root: string): string[] =>
  problems.map((p) => `${p.kind} ${p.path.replace(`${root}/`, '')}`);

describe('folders for splits', () => {
  const BOTH = { 'train/cat': 3, 'train/dog': 3, 'val/cat': 1, 'val/dog': 1 };

  it.each([
    ['an empty folder', { 'new/notes.txt': 'x' }, {}],
    ['a folder of programs', { 'runs/log.txt': 'x', 'runs/deep/log.txt': 'x' }, {}],
    ['images without classes', {}, { unlabelled: 2 }],
  ])('are the dataset beside %s, which is named and left aside', async (_, files, images) => {
    const root = await tree(temporaryFolder(), { ...BOTH, ...images });
    for (const [name, text] of Object.entries(files)) write(join(root, name), text);
    const result = await add(root);
    expect(classes(result)).toEqual(['cat 3/1/0', 'dog 3/1/0']);
    expect(result.dataset.layout).toBe('split-folders');
    expect(told(result, root)).toEqual([
      `ignored ${Object.keys({ ...files, ...images })[0]?.split('/')[0]}`,
    ]);
  });

  it('hold Hugging Face tables beside their images', async () => {
    for (const ending of ['csv', 'jsonl']) {
      const root = temporaryFolder();
      for (const [split, n] of [
        ['train', 4],
        ['test', 2],
      ] as const) {
        await tree(root, { [`${split}/images`]: n });
        const rows = Array.from({ length: n }, (_, i) => [
          `images/${i}.png`,
          i % 2 ? 'cat' : 'dog',
        ]);
        const lines =
          ending === 'csv'
            ? ['file_name,label', ...rows.map((row) => row.join(','))]
            : rows.map(([file, label]) => JSON.stringify({ file_name: file, label }));
        write(join(root, split, `metadata.${ending}`), lines.join('\n'));
      }
      const result = await add(root);
      expect(classes(result)).toEqual(['cat 2/0/1', 'dog 2/0/1']);
      expect(result.problems).toEqual([]);
    }
  });

  it('without classes are refused, and are classes on request alone', async () => {
    const root = await tree(temporaryFolder(), { train: 3, test: 3 });
    const { message, hint, option } = await refusal(add(root), 'dataset-unusable');
    expect(message).toContain('not clear');
    expect(hint).toContain('class-folders makes the classes test, train');
    expect(option).toBe('--as LAYOUT');
    expect(await ask(root)).toMatchObject({
      why: 'splits-without-classes',
      readings: [{ as: 'class-folders', classes: ['test', 'train'] }],
    });
    expect(
      (await refusal(add(root, { as: 'split-folders' }), 'dataset-unusable')).message,
    ).toContain('not known');
    expect(classes(await add(root, { as: 'class-folders' }))).toEqual([
      'test 3/0/0',
      'train 3/0/0',
    ]);
  });

  it('are a class where one of several classes is called so', async () => {
    const root = await tree(temporaryFolder(), { bus: 1, car: 1, train: 1 });
    expect(classes(await add(root))).toEqual(['bus 1/0/0', 'car 1/0/0', 'train 1/0/0']);
  });

  it('take the classes of a validation folder from the file beside its images', async () => {
    const root = await tree(temporaryFolder(), {
      'train/n01/images': 2,
      'train/n02/images': 2,
      'val/images': 4,
      'test/images': 2,
    });
    write(
      join(root, 'val', 'val_annotations.txt'),
      ['0.png\tn01\t0\t0\t9\t9', '1.png\tn02\t0\t0\t9\t9', '2.png\tn01', '3.png\tn99', ''].join(
        '\n',
      ),
    );
    const result = await add(root);
    expect(classes(result)).toEqual(['n01 2/2/0', 'n02 2/1/0']);
    expect(told(result, root)).toEqual(['ignored test', 'bad-line val/val_annotations.txt']);
    expect(result.problems[1]?.reason).toContain('"n99"');
  });

  it('leave a folder aside whose class folders are not those of training', async () => {
    const root = await tree(temporaryFolder(), { 'train/a': 1, 'train/b': 1, 'test/unknown': 2 });
    write(join(root, 'test', 'readme.txt'), Buffer.from('Gr\xfc\xdfe', 'latin1'));
    const result = await add(root);
    expect(classes(result)).toEqual(['a 1/0/0', 'b 1/0/0']);
    expect(told(result, root)).toEqual(['ignored test/readme.txt', 'ignored test']);
  });
});

describe('folders around folders', () => {
  it('are opened and named, around classes, splits and lists', async () => {
    const root = await tree(temporaryFolder(), { 'archive/data/cats': 2, 'archive/data/dogs': 1 });
    write(join(root, 'archive', 'licence.txt'), 'free');
    const result = await add(root);
    expect(classes(result)).toEqual(['cats 2/0/0', 'dogs 1/0/0']);
    expect(told(result, root)).toEqual([
      'ignored archive',
      'ignored archive/data',
      'ignored archive/licence.txt',
    ]);

    const kaggle = await tree(temporaryFolder(), {
      'training_set/training_set/cats': 2,
      'training_set/training_set/dogs': 2,
      'test_set/test_set/cats': 1,
      'test_set/test_set/dogs': 1,
    });
    const opened = await add(kaggle);
    expect(classes(opened)).toEqual(['cats 2/0/1', 'dogs 2/0/1']);
    expect(told(opened, kaggle)).toEqual([
      'ignored test_set/test_set',
      'ignored training_set/training_set',
    ]);

    const lists = await tree(temporaryFolder(), { 'inner/images': 2 });
    write(join(lists, 'inner', 'train.txt'), 'images/0.png a\nimages/1.png b\n');
    expect(classes(await add(lists))).toEqual(['a 1/0/0', 'b 1/0/0']);
  });

  it('below a class that has images of its own belong to it, which is said', async () => {
    const root = await tree(temporaryFolder(), { cat: 2, 'cat/kittens': 1, 'cat/old': 1, dog: 1 });
    const result = await add(root);
    expect(classes(result)).toEqual(['cat 4/0/0', 'dog 1/0/0']);
    expect(told(result, root)).toEqual(['ignored cat']);
    expect(result.problems[0]?.reason).toContain('belong to the class "cat"');
  });

  it('of one name below each class are no classes', async () => {
    const root = await tree(temporaryFolder(), { 'cat/images': 1, 'dog/images': 2 });
    const result = await add(root);
    expect(classes(result)).toEqual(['cat 1/0/0', 'dog 2/0/0']);
    expect(result.problems).toEqual([]);
  });
});

describe('what can be understood in more than one way', () => {
  const SITES = { 'north/cat': 2, 'north/dog': 1, 'south/cat': 1, 'south/dog': 1 };

  it.each([
    ['names that come again below several folders', SITES, 'names-repeat'],
    [
      'split folders in some folders and classes in others',
      { 'a/train/cat': 1, 'a/train/dog': 1, 'a/val/cat': 1, 'b/cat': 1, 'b/dog': 1 },
      'splits-in-some',
    ],
    [
      'a folder with class folders beside split folders',
      { 'train/cat': 1, 'train/dog': 1, 'val/cat': 1, 'extra/cat': 1, 'extra/dog': 1 },
      'folder-beside-splits',
    ],
    [
      'images beside one split folder',
      { 'train/cat': 1, 'train/dog': 1, other: 1 },
      'folder-beside-splits',
    ],
    ['splits within classes', { 'cat/train': 1, 'cat/val': 1, 'dog/train': 1 }, 'splits-in-each'],
    [
      'class folders within class folders',
      { 'animals/cat': 1, 'animals/dog': 1, 'plants/oak': 1, 'plants/fern': 1 },
      'classes-in-classes',
    ],
    [
      'datasets in wrappers, beside a class',
      { 'a/images/cat': 1, 'a/images/dog': 1, 'b/images/oak': 1, 'b/images/fern': 1, c: 1 },
      'classes-in-classes',
    ],
    [
      'names that come again within a split',
      { 'train/north/cat': 1, 'train/north/dog': 1, 'train/south/dog': 1, 'val/north/cat': 1 },
      'names-repeat',
    ],
  ] as const)('%s are asked about and refused', async (_, folders, why) => {
    const root = await tree(temporaryFolder(), folders);
    const { message, hint } = await refusal(add(root), 'dataset-unusable');
    expect(message).toContain('not clear');
    const question = await ask(root);
    expect(question.why).toBe(why);
    expect(question.readings.length).toBeGreaterThan(1);
    for (const { path, as, classCount, counts } of question.readings) {
      expect(hint).toContain(`${as ?? `${path} alone`} makes the classes`);
      const options = as === null ? {} : { as };
      const source = as === null ? path : root;
      expect(await look(source, options)).toMatchObject({ kind: 'preview', classCount, counts });
      // The import yields what the question announced.
      const { dataset } = await add(source, options);
      expect(dataset.classes).toHaveLength(classCount);
      expect(dataset.counts).toEqual({
        train: counts.train + counts.free,
        val: counts.val,
        test: counts.test,
      });
    }
  });

  it('is understood as it was said', async () => {
    const sites = await tree(temporaryFolder(), SITES);
    expect(classes(await add(sites, { as: 'class-folders' }))).toEqual([
      'north 3/0/0',
      'south 2/0/0',
    ]);
    expect(classes(await add(sites, { as: 'inner-folders' }))).toEqual(['cat 3/0/0', 'dog 2/0/0']);
    const within = await tree(temporaryFolder(), { 'cat/train': 2, 'cat/val': 1, 'dog/train': 2 });
    expect(classes(await add(within, { as: 'split-folders' }))).toEqual(['cat 2/1/0', 'dog 2/0/0']);
    const beside = await tree(temporaryFolder(), { 'train/a': 1, 'train/b': 1, 'extra/a': 1 });
    const result = await add(beside, { as: 'split-folders' });
    expect(classes(result)).toEqual(['a 1/0/0', 'b 1/0/0']);
    expect(told(result, beside)).toEqual(['ignored extra']);
    await refusal(add(sites, { as: 'table' }), 'dataset-unusable');
    await refusal(add(join(sites, 'north', 'cat', '0.png'), { as: 'inner-folders' }), 'usage');
  });

  it('offers the datasets of their parent first', async () => {
    const root = await tree(temporaryFolder(), {
      'clothing/train/dress': 2,
      'clothing/train/hat': 2,
      'clothing/test/dress': 1,
      'flowers/rose': 1,
      'flowers/tulip': 1,
      loose: 1,
    });
    const { why, folders, readings } = await ask(root);
    expect(why).toBe('splits-in-some');
    expect(folders).toEqual(['clothing']);
    expect(readings.slice(0, 2)).toEqual([
      {
        path: join(root, 'clothing'),
        as: null,
        classes: ['dress', 'hat'],
        classCount: 2,
        counts: { train: 4, val: 0, test: 1, free: 0 },
      },
      {
        path: join(root, 'flowers'),
        as: null,
        classes: ['rose', 'tulip'],
        classCount: 2,
        counts: { train: 0, val: 0, test: 0, free: 2 },
      },
    ]);
    expect(readings[2]).toMatchObject({ path: root, as: 'class-folders', classCount: 3 });
  });

  it('is asked of the folder inside a wrapping, and the answer holds for the whole', async () => {
    const root = temporaryFolder();
    await tree(join(root, 'archive'), SITES);
    expect(await ask(root)).toMatchObject({
      path: join(root, 'archive'),
      folders: ['north', 'south'],
    });
    expect(classes(await add(root, { as: 'class-folders' }))).toEqual([
      'north 3/0/0',
      'south 2/0/0',
    ]);
  });
});

describe('list files', () => {
  it('called train.txt, val.txt and test.txt are one dataset', async () => {
    const root = await tree(temporaryFolder(), { images: 6 });
    write(join(root, 'train.txt'), 'images/0.png 0\nimages/1.png 1\nimages/2.png 1\n');
    write(join(root, 'val.txt'), 'images\\3.png 0\nimages\\4.png 1\n');
    write(join(root, 'test.txt'), 'images/5.png 1\n');
    const result = await add(root);
    expect(classes(result)).toEqual(['0 1/1/0', '1 2/1/1']);
    expect(result.problems).toEqual([]);
  });

  it('are not notes of those names beside class folders', async () => {
    const root = await tree(temporaryFolder(), { cat: 2, dog: 2 });
    write(
      join(root, 'test.txt'),
      Buffer.from('Sch\xf6n testen.\nDo not forget to test this.', 'latin1'),
    );
    const result = await add(root);
    expect(classes(result)).toEqual(['cat 2/0/0', 'dog 2/0/0']);
    expect(told(result, root)).toEqual(['ignored test.txt']);
  });
});

describe('the preview', () => {
  it('has classes with their images, the own split, and what is skipped', async () => {
    const root = await tree(temporaryFolder(), {
      'train/cat': 3,
      'train/dog': 2,
      'val/cat': 1,
      'test/dog': 1,
    });
    write(join(root, 'LICENSE'), 'free');
    write(join(root, 'README.md'), 'read me');
    write(join(root, 'train', 'cat', 'raw.CR2'), 'II*');
    expect(await look(root)).toEqual({
      kind: 'preview',
      layout: 'split-folders',
      classes: [
        { name: 'cat', images: 4 },
        { name: 'dog', images: 3 },
      ],
      classCount: 2,
      counts: { train: 5, val: 1, test: 1, free: 0 },
      problems: 1,
      notes: 2,
      skipped: ['LICENSE', 'README.md', 'raw.CR2'],
    });
  });

  it('names the first classes of many', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `class ${i + 10}`);
    const root = await tree(temporaryFolder(), Object.fromEntries(names.map((name) => [name, 1])));
    const preview = await look(root);
    expect(preview).toMatchObject({ classCount: 12, counts: { free: 12 } });
    expect(preview).toHaveProperty('classes.length', 8);
  });

  it('counts folders until the first image and images from there, and can be cancelled', async () => {
    const root = await tree(temporaryFolder(), { cat: 2, dog: 1 });
    const told: string[] = [];
    const { datasets } = await studio();
    await datasets.preview(root, {
      onProgress: ({ phase, done }) => told.push(`${phase} ${done}`),
    });
    expect(told.slice(0, 2)).toEqual(['surveying 1', 'surveying 2']);
    expect(told.slice(-3)).toEqual(['listing 1', 'listing 2', 'listing 3']);
    const stop = new AbortController();
    const looking = datasets.preview(root, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await refusal(looking, 'cancelled');
  });
});

describe('a folder that is no dataset', () => {
  it.each([
    ['/', 'holds your whole home folder'],
    [homedir(), 'is your home folder'],
    ['/usr', 'is a folder of the system'],
  ])('is refused: %s', async (folder, why) => {
    const { message, hint } = await refusal(look(folder), 'dataset-unusable');
    expect(message).toBe(`${folder} ${why}, not a dataset.`);
    expect(hint).toContain('inside it');
    expect((await refusal(add(folder), 'dataset-unusable')).message).toContain(why);
  });
});
