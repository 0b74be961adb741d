import {
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  copyFileSync,
  truncateSync,
} from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { countProblems } from '../../../shared/domain/problem-kinds.ts';
import type { DatasetImport } from '../../../main/host/contract/datasets.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { refusal, studioIn, temporaryFolder, writeClassFolders, writeImage } from './support.ts';

/** Imports into a new studio. */
async function add(
  path: string,
  options: { val?: number; test?: number; seed?: number } = {},
): Promise<DatasetImport & { studio: Studio }> {
  const studio = await studioIn(join(temporaryFolder(), 'home'));
  return { studio, ...(await studio.datasets.add(path, { name: 'x', ...options })) };
}

const classesOf = ({ dataset }: DatasetImport): string[] => dataset.classes.map((c) => c.name);
const kinds = ({ problems }: DatasetImport): string[] =>
  problems.map((p) => `${p.kind} ${p.path.split('/').at(-1)}`);
/** `split class/file` of every image, in stored order. */
const rows = (studio: Studio): string[] =>
  [...studio.datasets.images('x')].map(
    (i) => `${i.split} ${i.path.split('/').slice(-2).join('/')}`,
  );

describe('class folders', () => {
  it('are classes in the order of their code points; what systems leave behind and what is hidden is told, as notes', async () => {
    const root = temporaryFolder();
    await writeClassFolders(root, { Zebra: 2, äpfel: 2, 'a b': 2, '10': 2, '9': 2 });
    for (const junk of [
      '.DS_Store',
      'Thumbs.db',
      'desktop.ini',
      join('Zebra', '.DS_Store'),
      join('Zebra', '._0.png'),
    ])
      writeFileSync(join(root, junk), 'junk');
    mkdirSync(join(root, '.hidden'));
    await writeImage(join(root, '.hidden', 'x.png'), 1);
    const result = await add(root);
    expect(classesOf(result)).toEqual(['10', '9', 'Zebra', 'a b', 'äpfel']);
    expect(result.problems).toEqual([
      {
        kind: 'ignored',
        path: join(root, '.hidden'),
        reason: 'It is hidden and was skipped with its contents.',
      },
      {
        kind: 'ignored',
        path: root,
        reason: '3 system files were skipped (.DS_Store, Thumbs.db, desktop.ini).',
      },
      {
        kind: 'ignored',
        path: join(root, 'Zebra'),
        reason: '2 system files were skipped (.DS_Store, ._0.png).',
      },
    ]);
    expect(countProblems(result.problems)).toBe(0);
    expect(result.dataset).toMatchObject({
      layout: 'class-folders',
      counts: { train: 10, val: 0, test: 0 },
    });
    expect(result.dataset.path).toBe(root);
  });

  it('take deeper folders to the class above, follow links once and tell what they leave out', async () => {
    const root = temporaryFolder();
    const elsewhere = temporaryFolder();
    await writeClassFolders(root, { a: 1, b: 1 });
    await writeImage(join(root, 'a', 'deep', 'er', 'x.png'), 50);
    await writeImage(join(elsewhere, 'linked.png'), 51);
    symlinkSync(elsewhere, join(root, 'b', 'link'));
    symlinkSync(join(root, 'b'), join(root, 'b', 'loop'));
    symlinkSync(join(root, 'nowhere.png'), join(root, 'b', 'broken.png'));
    mkdirSync(join(root, 'empty'));
    await writeImage(join(root, 'loose.png'), 52);
    writeFileSync(join(root, 'a', 'notes.txt'), 'notes');
    writeFileSync(join(root, 'a', 'drawing.svg'), '<svg/>');
    writeFileSync(join(root, 'a', 'photo.NEF'), 'MM');
    writeFileSync(join(root, 'a', 'README'), 'read me');
    writeFileSync(join(root, 'LICENSE'), 'free');
    writeFileSync(join(root, 'film.mp4'), 'ftyp');
    const result = await add(root);
    expect(rows(result.studio)).toEqual([
      'train a/0.png',
      'train er/x.png',
      'train b/0.png',
      'train link/linked.png',
    ]);
    expect(classesOf(result)).toEqual(['a', 'b']);
    expect(kinds(result).sort()).toEqual([
      'broken-link broken.png',
      'empty-class empty',
      'ignored LICENSE',
      'ignored README',
      'ignored a',
      'ignored b',
      'ignored film.mp4',
      'ignored loop',
      'ignored notes.txt',
      'loose-image loose.png',
      'unsupported-format drawing.svg',
      'unsupported-format photo.NEF',
    ]);
    const reasonOf = (name: string) =>
      result.problems.find(({ path }) => path.endsWith(name))?.reason;
    expect(reasonOf('photo.NEF')).toBe(
      'A raw camera image is not read; convert it to JPEG or PNG.',
    );
    expect(reasonOf('film.mp4')).toBe('A video is not read; convert it to JPEG or PNG.');
    expect(reasonOf('LICENSE')).toBe('It has no extension, and its content is not an image.');
    expect(result.studio.datasets.problems('x')).toEqual(result.problems);
  });

  it('list bad files by reason and go on; sizes are those after EXIF orientation', async () => {
    const root = temporaryFolder();
    await writeClassFolders(root, { a: 3, b: 3 });
    const jpeg = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    writeFileSync(join(root, 'a', 'turned.jpg'), jpeg);
    const noise = await sharp(
      Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251)),
      {
        raw: { width: 64, height: 64, channels: 3 },
      },
    )
      .png()
      .toBuffer();
    writeFileSync(join(root, 'a', 'cut.png'), noise);
    truncateSync(join(root, 'a', 'cut.png'), noise.length >> 1);
    writeFileSync(join(root, 'b', 'empty.png'), '');
    writeFileSync(join(root, 'b', 'text.png'), 'no image at all');
    const result = await add(root);
    expect(kinds(result).sort()).toEqual([
      'unreadable cut.png',
      'unreadable empty.png',
      'unreadable text.png',
    ]);
    expect(result.problems.every((p) => p.reason.includes(p.path))).toBe(true);
    expect(result.dataset).toMatchObject({ unusable: 3, counts: { train: 5, val: 2 } });
    const turned = [...result.studio.datasets.images('x')].find((i) =>
      i.path.endsWith('turned.jpg'),
    );
    expect(turned).toMatchObject({ width: 20, height: 40, state: 'ok', bytes: jpeg.length });
  });

  it('report exact duplicates and keep them on the same side', async () => {
    const root = temporaryFolder();
    await writeClassFolders(root, { a: 10, b: 10 });
    for (let i = 0; i < 10; i++)
      copyFileSync(join(root, 'a', `${i}.png`), join(root, 'a', `${i}-copy.png`));
    copyFileSync(join(root, 'b', '0.png'), join(root, 'a', 'z.png'));
    const result = await add(root, { val: 0.3, test: 0.2 });
    expect(result.dataset.duplicates).toBe(11);
    expect(result.problems.filter((p) => p.kind === 'duplicate')).toHaveLength(10);
    expect(result.problems.filter((p) => p.kind === 'conflicting-label')).toEqual([
      expect.objectContaining({
        path: join(root, 'b', '0.png'),
        reason: expect.stringContaining('the class "a"') as string,
      }),
    ]);
    const splits = new Map<string, Set<string>>();
    for (const { sha256, split } of result.studio.datasets.images('x'))
      splits.set(sha256, (splits.get(sha256) ?? new Set()).add(split));
    expect([...splits.values()].every((s) => s.size === 1)).toBe(true);
    expect(result.dataset.counts.val).toBeGreaterThan(0);
    expect(result.dataset.counts.test).toBeGreaterThan(0);
  });
});

describe('other layouts', () => {
  it('train/ valid/ test/ keep their splits', async () => {
    const root = temporaryFolder();
    await writeClassFolders(join(root, 'Train'), { a: 3, b: 3 });
    await writeClassFolders(join(root, 'valid'), { a: 1, b: 1 }, 100);
    await writeClassFolders(join(root, 'test'), { a: 2, b: 1 }, 200);
    const result = await add(root, { val: 0.5, test: 0.4 });
    expect(result.dataset).toMatchObject({
      layout: 'split-folders',
      counts: { train: 6, val: 2, test: 3 },
    });
  });

  it('train/ and test/ alone: validation comes from the training images', async () => {
    const root = temporaryFolder();
    await writeClassFolders(join(root, 'train'), { a: 10, b: 10 });
    await writeClassFolders(join(root, 'test'), { a: 2, b: 2 }, 100);
    expect((await add(root, { val: 0.2 })).dataset.counts).toEqual({ train: 16, val: 4, test: 4 });
  });

  it('VTAB lists: numbers in their order, paths with spaces, bad lines told', async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 12; i++) await writeImage(join(root, 'images', `im ${i}.png`), i);
    const line = (i: number, label: number): string => `images/im ${i}.png ${label}`;
    writeFileSync(
      join(root, 'train800.txt'),
      `\uFEFF${[line(0, 10), line(1, 9), line(2, 2), 'nonsense', ''].join('\r\n')}`,
    );
    writeFileSync(join(root, 'val200.txt'), [line(3, 10), line(4, 9)].join('\n'));
    writeFileSync(join(root, 'train800val200.txt'), 'not read');
    writeFileSync(join(root, 'test.txt'), [line(5, 2), 'images/gone.png 2'].join('\n'));
    const result = await add(root);
    expect(classesOf(result)).toEqual(['2', '9', '10']);
    expect(result.dataset).toMatchObject({
      layout: 'list-files',
      counts: { train: 3, val: 2, test: 1 },
      unusable: 1,
    });
    expect(kinds(result).sort()).toEqual([
      'bad-line train800.txt',
      'ignored train800val200.txt',
      'missing gone.png',
    ]);
    expect(result.problems.find((p) => p.kind === 'bad-line')?.line).toBe(4);
  });

  it('few-shot lists beside images/, one of several being named', async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 6; i++) await writeImage(join(root, 'images', `${i}.png`), i);
    const lists = join(root, 'annotations');
    mkdirSync(lists);
    for (const shot of [1, 2])
      writeFileSync(join(lists, `train_meta.list.num_shot_${shot}.seed_0`), `0.png 0\n1.png 1\n`);
    writeFileSync(join(lists, 'val_meta.list'), '2.png 0\n3.png 1\n');
    writeFileSync(join(lists, 'test_meta.list'), '4.png 0\n5.png 1\n');
    expect((await refusal(add(root), 'dataset-unusable')).hint).toContain('num_shot_1.seed_0');
    const result = await add(join(lists, 'train_meta.list.num_shot_2.seed_0'));
    expect(result.dataset.counts).toEqual({ train: 2, val: 2, test: 2 });
    expect(result.problems).toEqual([]);
  });

  it('CSV with quotes, and JSON lines with some splits', async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 4; i++) await writeImage(join(root, 'img', `${i}, really.png`), i);
    writeFileSync(
      join(root, 'metadata.csv'),
      '\uFEFFfile_name,label,split\n"img/0, really.png",gull,train\n"img/1, really.png",tern,train\n"img/2, really.png",gull,validation\n"img/3, really.png",tern,someday\n,gull,train\n',
    );
    const csv = await add(root);
    expect(csv.dataset).toMatchObject({ layout: 'table', counts: { train: 2, val: 1, test: 0 } });
    expect(csv.problems).toEqual([
      expect.objectContaining({
        kind: 'bad-line',
        line: 5,
        reason: expect.stringContaining('"someday"') as string,
      }),
      expect.objectContaining({ kind: 'bad-line', line: 6 }),
    ]);
    const jsonl = join(root, 'list.jsonl');
    writeFileSync(
      jsonl,
      '{"file_name":"img/0, really.png","label":0}\n{broken\n{"file_name":"img/1, really.png","label":1,"split":"test"}\n',
    );
    const lines = await add(jsonl);
    expect(classesOf(lines)).toEqual(['0', '1']);
    expect(lines.dataset.counts).toEqual({ train: 1, val: 0, test: 1 });
    expect(kinds(lines)).toEqual(['bad-line list.jsonl', 'empty-class list.jsonl']);
  });

  it('says what is not a dataset', async () => {
    const root = temporaryFolder();
    expect((await refusal(add(join(root, 'nowhere')), 'not-found')).path).toBe(
      join(root, 'nowhere'),
    );
    expect((await refusal(add(root), 'dataset-unusable')).hint).toContain(
      'one subfolder per class',
    );
    writeFileSync(join(root, 'x.zip'), 'PK');
    await refusal(add(join(root, 'x.zip')), 'not-available');
    writeFileSync(join(root, 'x.pdf'), '%PDF');
    await refusal(add(join(root, 'x.pdf')), 'format-unknown');
    mkdirSync(join(root, 'a'));
    writeFileSync(join(root, 'loose.png'), 'bad');
    const loose = await refusal(add(root), 'dataset-unusable');
    expect(loose.message).toBe(
      `${root} has no subfolder with images: the image in it has no class.`,
    );
    rmSync(join(root, 'loose.png'));
    writeFileSync(join(root, 'a', 'bad.png'), 'bad');
    const studio = await studioIn(join(temporaryFolder(), 'home'));
    await refusal(studio.datasets.add(root, { name: 'x' }), 'dataset-unusable');
    expect(studio.datasets.list()).toEqual([]);
    await refusal(studio.datasets.add(root, { name: 'x', val: 1.5 }), 'usage');
    await refusal(studio.datasets.add(root, { name: ' ' }), 'usage');
  });
});

describe('checking, removing, cancelling', () => {
  it('finds missing and changed files, and that they came back', async () => {
    const root = temporaryFolder();
    await writeClassFolders(root, { a: 4, b: 4 });
    const { studio } = await add(root);
    expect((await studio.datasets.check('x')).problems).toEqual([]);
    const [gone, longer, other] = [0, 1, 2].map((i) => join(root, 'a', `${i}.png`)) as [
      string,
      string,
      string,
    ];
    const saved = [gone, longer, other].map((p) => [p, readFileSync(p)] as const);
    rmSync(gone);
    writeFileSync(longer, Buffer.concat([readFileSync(longer), Buffer.from('x')]));
    const bytes = readFileSync(other);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(other, bytes);
    const check = await studio.datasets.check('x');
    expect(check.checked).toBe(8);
    expect(check.problems.map((p) => [p.kind, p.path])).toEqual([
      ['missing', gone],
      ['changed', longer],
      ['changed', other],
    ]);
    expect(check.dataset.unusable).toBe(3);
    expect(studio.datasets.problems('x')).toEqual(check.problems);
    for (const [path, content] of saved) writeFileSync(path, content);
    const again = await studio.datasets.check('x');
    expect(again.problems).toEqual([]);
    expect(again.dataset.unusable).toBe(0);
  });

  it('forgets a removed dataset and leaves its images', async () => {
    const root = temporaryFolder();
    await writeClassFolders(root, { a: 1, b: 1 });
    const { studio, dataset } = await add(root);
    await refusal(studio.datasets.add(root, { name: 'x' }), 'already-added');
    expect(studio.datasets.remove(dataset.id)).toEqual(dataset);
    expect(studio.datasets.list()).toEqual([]);
    expect(existsSync(join(root, 'a', '0.png'))).toBe(true);
    await studio.datasets.add(root, { name: 'x' });
  });

  it('an import that is cancelled leaves nothing, one that died is taken away on opening', async () => {
    const root = temporaryFolder();
    await writeClassFolders(root, { a: 40, b: 40 });
    const home = join(temporaryFolder(), 'home');
    const studio = await studioIn(home);
    const abort = new AbortController();
    const phases = new Set<string>();
    const adding = studio.datasets.add(root, {
      name: 'x',
      signal: abort.signal,
      onProgress: ({ phase, done, total }) => {
        phases.add(phase);
        if (phase === 'checking' && done === 10) {
          expect(total).toBe(80);
          abort.abort();
        }
      },
    });
    await refusal(adding, 'cancelled');
    expect(phases).toEqual(new Set(['surveying', 'listing', 'checking']));
    expect(studio.datasets.list()).toEqual([]);
    await studio.datasets.add(root, { name: 'x' });
    await studio.close();
    const { default: Database } = await import('better-sqlite3');
    const db = new Database(join(home, 'library.sqlite'));
    db.prepare("UPDATE datasets SET importing_by = '999999999:1:dead'").run();
    db.close();
    const next = await studioIn(home);
    await refusal(() => next.datasets.get('x'), 'not-found');
    await next.datasets.add(root, { name: 'x' });
    expect([...next.datasets.images('x', 'val')]).toHaveLength(16);
  });

  it('takes a few thousand files in batches', async () => {
    const root = temporaryFolder();
    const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    for (const name of ['a', 'b']) {
      mkdirSync(join(root, name));
      // Bytes after the end of a PNG are allowed and make every file unique.
      for (let i = 0; i < 1100; i++)
        writeFileSync(
          join(root, name, `${i}.png`),
          Buffer.concat([png, Buffer.from(`${name}${i}`)]),
        );
    }
    const { dataset, studio } = await add(root, { val: 0.1 });
    expect(dataset.counts).toEqual({ train: 1980, val: 220, test: 0 });
    expect([...studio.datasets.images('x')].map((i) => i.label)).toEqual([
      ...Array<number>(1100).fill(0),
      ...Array<number>(1100).fill(1),
    ]);
  });
});
