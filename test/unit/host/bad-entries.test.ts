import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askedFiles } from '../../../main/host/services/adapters/adapter-jobs.ts';
import { listDataset } from '../../../main/host/services/datasets/detect.ts';
import type { Listing } from '../../../main/host/services/datasets/listing.ts';
import { imageFilesBelow } from '../../../main/host/services/adapters/prediction-table.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import { refusal, studioIn, temporaryFolder, writeClassFolders, writeImage } from './support.ts';

/** File modes are tested on Unix only; macOS rejects names that are not UTF-8. */
const UNIX = process.platform !== 'win32';
const LINUX = process.platform === 'linux';
const NOT_UTF8 = 'Its name is not UTF-8, so that it cannot be opened: rename it.';

/** A folder that every account may access. */
function openFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return folder;
}

async function twoClasses(): Promise<string> {
  const root = join(openFolder(), 'birds');
  await writeClassFolders(root, { cat: 5, dog: 5 });
  return root;
}

/**
 * Runs `work` while the folder is inaccessible; root runs it as the account "nobody", to which
 * modes apply.
 */
async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  chmodSync(folder, 0);
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
}

/** A path whose name is in ISO 8859-1 and not valid UTF-8. */
const latin1 = (folder: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);

/**
 * Nests folders until their path exceeds the system's limit, with an image in the last. Returns the
 * first path that cannot be opened, and a function to remove the folders.
 */
async function tooDeep(folder: string): Promise<{ path: string; remove: () => void }> {
  const begin = process.cwd();
  const name = 'd'.repeat(200);
  let path = folder;
  let first = '';
  process.chdir(folder);
  try {
    while (Buffer.byteLength(path) < 4500) {
      mkdirSync(name);
      process.chdir(name);
      path = join(path, name);
      if (first === '' && Buffer.byteLength(path) >= 4096) first = path;
    }
    await writeImage('deep.png', 90);
  } finally {
    process.chdir(begin);
  }
  // Node removes by absolute paths, which are too long here.
  return { path: first, remove: () => execFileSync('rm', ['-rf', join(folder, name)]) };
}

const list = (root: string): Promise<Listing> =>
  listDataset(root, { problems: [], seen: new Set() });

describe('one bad entry ends no import', () => {
  it.runIf(UNIX).each(['lost+found', join('cat', 'private')])(
    'the folder %s that may not be read is named, and nothing else is said of it',
    async (shut) => {
      const root = await twoClasses();
      const locked = join(root, shut);
      await writeImage(join(locked, 'x.png'), 80);
      const { classes, images, problems } = await whileLocked(locked, () => list(root));
      expect(classes).toEqual(['cat', 'dog']);
      expect(images).toHaveLength(10);
      expect(problems).toEqual([
        {
          kind: 'unreadable',
          path: locked,
          reason: 'The folder cannot be read: permission is denied.',
        },
      ]);
    },
  );

  it.runIf(UNIX)('but a source that may not be read is refused', async () => {
    const root = await twoClasses();
    const error = await whileLocked(root, () => refusal(list(root), 'not-readable'));
    expect(error.message).toBe(`Cannot read ${root}: permission is denied.`);
  });

  it.runIf(LINUX)('names that are not UTF-8 are told, byte by byte, and stay told', async () => {
    const root = await twoClasses();
    mkdirSync(latin1(root, 'K\xe4fer'));
    writeFileSync(latin1(join(root, 'dog'), 'B\xe4r.png'), 'x');
    const studio = await studioIn(join(temporaryFolder(), 'home'));
    const { dataset, problems } = await studio.datasets.add(root, { name: 'x' });
    expect(dataset.classes.map(({ name }) => name)).toEqual(['cat', 'dog']);
    expect(dataset.counts).toEqual({ train: 8, val: 2, test: 0 });
    expect(problems).toEqual([
      { kind: 'unreadable', path: join(root, 'K\\xE4fer'), reason: NOT_UTF8 },
      { kind: 'unreadable', path: join(root, 'dog', 'B\\xE4r.png'), reason: NOT_UTF8 },
    ]);
    // A later check repeats the problems of entries that did not become images.
    expect((await studio.datasets.check('x')).problems).toEqual(problems);
  });

  it.runIf(UNIX)('nor does a path that is too long', async () => {
    const root = await twoClasses();
    const deep = await tooDeep(join(root, 'dog'));
    try {
      const { images, problems } = await list(root);
      expect(images).toHaveLength(10);
      expect(problems).toEqual([
        {
          kind: 'unreadable',
          path: deep.path,
          reason: 'The folder cannot be read: the path is too long.',
        },
      ]);
    } finally {
      deep.remove();
    }
  });

  it('an image that is hidden is a problem, other hidden things are notes', async () => {
    const root = await twoClasses();
    await writeImage(join(root, 'cat', '.draft.png'), 70);
    writeFileSync(join(root, 'cat', '.notes'), '');
    await writeImage(join(root, '.git', 'x.png'), 71);
    const { images, problems } = await list(root);
    expect(images).toHaveLength(10);
    expect(problems.map(({ kind, path }) => [kind, path.slice(root.length + 1)])).toEqual([
      ['ignored', '.git'],
      ['hidden-file', join('cat', '.draft.png')],
      ['ignored', join('cat', '.notes')],
    ]);
  });
});

it.runIf(CAN_MAKE_PIPES)('a list or table that is a pipe is refused, not waited for', async () => {
  const folder = openFolder();
  for (const name of ['t.csv', 't.tsv', 't.jsonl', 't.json', 'train.txt']) {
    const pipe = makePipe(join(folder, name));
    const error = await refusal(list(pipe), 'not-readable');
    expect(error.message).toBe(`Cannot read ${pipe}: it is a pipe, not a file.`);
  }
});

describe('one bad entry ends no prediction', () => {
  it.runIf(LINUX)('of a folder: what cannot be read has a row with the reason', async () => {
    const folder = openFolder();
    await writeImage(join(folder, 'good.png'), 1);
    await writeImage(join(folder, 'locked', 'x.png'), 2);
    mkdirSync(latin1(folder, 'K\xe4fer'));
    const { paths, unreadable } = await whileLocked(join(folder, 'locked'), () =>
      imageFilesBelow(folder, undefined, () => undefined),
    );
    expect(paths).toEqual([join(folder, 'good.png')]);
    expect(unreadable.map(({ path, answer }) => [path, 'error' in answer])).toEqual([
      [join(folder, 'K\\xE4fer'), true],
      [join(folder, 'locked'), true],
    ]);
    await refusal(
      imageFilesBelow(join(folder, 'gone'), undefined, () => undefined),
      'not-found',
    );
  });

  it.runIf(LINUX)('on the command line', async () => {
    const folder = openFolder();
    await writeImage(join(folder, 'good.png'), 1);
    await writeImage(join(folder, '.hidden.png'), 1);
    await writeImage(join(folder, 'deeper', 'not asked for.png'), 1);
    writeFileSync(latin1(folder, 'B\xe4r.png'), 'x');
    makePipe(join(folder, 'pipe.png'));
    symlinkSync('nowhere.png', join(folder, 'broken.png'));
    const files = await askedFiles([folder]);
    expect(files.map(({ given, error }) => [given, error?.code ?? null])).toEqual([
      [join(folder, 'broken.png'), 'not-found'],
      [join(folder, 'good.png'), null],
      // The engine reports what it is.
      [join(folder, 'pipe.png'), null],
      [join(folder, 'B\\xE4r.png'), 'not-readable'],
    ]);
    const other = join(openFolder(), 'other.png');
    await writeImage(other, 1);
    const locked = await whileLocked(folder, () => askedFiles([folder, other]));
    expect(locked.map(({ error }) => error?.code ?? null)).toEqual(['not-readable', null]);
  });

  it('on the command line: a folder without images is named, with those that were not looked into', async () => {
    const folder = openFolder();
    writeFileSync(join(folder, 'notes.txt'), 'x');
    const none = await askedFiles([folder]);
    expect(none).toMatchObject([{ given: folder, path: folder, error: { code: 'not-found' } }]);
    expect(none[0]?.error?.message).toBe(`There is no image in ${folder}.`);
    expect(none[0]?.error?.hint).toContain('JPEG');
    await writeImage(join(folder, 'cats', 'a.png'), 1);
    const [deeper] = await askedFiles([folder]);
    expect(deeper?.error?.hint).toContain('Subfolders');
  });
});
