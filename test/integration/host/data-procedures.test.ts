import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { spawnChildEngine } from '../../../main/host/engine/child-engine.ts';
import { openDispatcher, type Dispatcher } from '../../../main/host/api/dispatch.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import { openStudio } from '../../../main/host/open-studio.ts';
import {
  PROCEDURES,
  type HostProcedureName,
  type Input,
  type Output,
} from '../../../shared/contract/window/procedures.ts';
import type { EventName, EventPayload } from '../../../shared/contract/window/events.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import { isNote } from '../../../shared/domain/problem-kinds.ts';
import { NO_AUGMENTATION, TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { refusal, writeBackbone, writeClassFolders, writeImage } from '../../unit/host/support.ts';

/** Projects, datasets and backbones through the window API, over real files. */
let root: string;
let messy: string;
let studio: Studio;
let api: Dispatcher;
let told: { event: EventName; payload: unknown }[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'karst data ä-'));
  messy = join(root, 'Küsten vögel 鸟');
  await makeMessyFolder(messy);
});
afterAll(() => rmSync(root, { recursive: true }));

beforeEach(async () => {
  const home = mkdtempSync(join(root, 'home-'));
  studio = await openStudio({ home, spawn: spawnChildEngine, starter: null });
  api = await openDispatcher({ studio, cacheDir: join(home, 'cache') });
  told = [];
  api.onEvent((event, payload) => told.push({ event, payload }));
});
afterEach(async () => {
  await api.close();
  await studio.close();
});

/** A realistic messy folder: 14 good images of three classes among other files. */
async function makeMessyFolder(folder: string): Promise<void> {
  await writeClassFolders(folder, { 'Grey heron (adult)': 6, Möwe: 5, 海鸥: 2 });
  const at = (...parts: string[]): string => join(folder, ...parts);
  copyFileSync(at('Möwe', '0.png'), at('Möwe', '0 - Kopie.png'));
  copyFileSync(at('Möwe', '1.png'), at('海鸥', 'same as a gull.png'));
  copyFileSync(at('Möwe', '2.png'), at('Möwe', 'really a png.JPG'));
  truncateSync(at('Möwe', 'really a png.JPG'));
  await writeImage(at('Möwe', 'wrong ending.png'), 900);
  const png = readFileSync(at('Möwe', 'wrong ending.png'));
  rmSync(at('Möwe', 'wrong ending.png'));
  writeFileSync(at('Möwe', 'wrong ending.jpeg'), png);
  writeFileSync(
    at('Grey heron (adult)', 'corrupt.jpg'),
    Buffer.from('ffd8ffe000104a464946', 'hex'),
  );
  writeFileSync(at('Grey heron (adult)', 'notes.txt'), 'seen at dawn');
  writeFileSync(at('.DS_Store'), 'x');
  writeFileSync(at('Möwe', '._0.png'), 'x');
  writeFileSync(at('Thumbs.db'), 'x');
  mkdirSync(at('empty class'));
  mkdirSync(at('.hidden'));
  await writeImage(at('.hidden', 'x.png'), 901);
}

/** Calls a procedure as a window does, validating the output. */
async function ask<N extends HostProcedureName>(name: N, input: Input<N>): Promise<Output<N>> {
  const output = await api.call(name, structuredClone(input));
  return v.parse(PROCEDURES[name].output, output) as Output<N>;
}

/** Waits for a task and returns its final state. */
async function ended(task: Task): Promise<Task> {
  for (;;) {
    const now = (await ask('tasks.list', {})).find(({ id }) => id === task.id);
    if (now === undefined) throw new Error('the task is gone');
    if (now.state !== 'running') return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const payloads = <N extends EventName>(event: N): EventPayload<N>[] =>
  told.flatMap((one) => (one.event === event ? [one.payload as EventPayload<N>] : []));

const importing = (more: Partial<Input<'datasets.import'>> = {}): Promise<Task> =>
  ask('datasets.import', {
    path: messy,
    name: 'Küstenvögel',
    val: 0.3,
    test: 0,
    seed: 1,
    projectId: null,
    ...more,
  });

async function importedId(): Promise<string> {
  const { result, error } = await ended(await importing());
  if (result?.kind !== 'dataset') throw new Error(`not imported: ${error?.message ?? ''}`);
  return result.datasetId;
}

describe('importing a messy folder', () => {
  it('is a task that tells how far it is, what it found, and gives the dataset to the project', async () => {
    const project = await ask('projects.create', { name: 'Wattenmeer' });
    const task = await importing({ projectId: project.id });
    expect(task).toMatchObject({
      kind: 'dataset-import',
      subject: 'Küstenvögel',
      state: 'running',
    });
    const { state, result } = await ended(task);
    expect([state, result]).toEqual([
      'done',
      { kind: 'dataset', datasetId: expect.stringMatching(/^ds-/) as string, problems: 5 },
    ]);
    const [dataset] = await ask('datasets.list', {});
    expect(dataset).toMatchObject({
      name: 'Küstenvögel',
      path: messy,
      layout: 'class-folders',
      excluded: 0,
      unusable: 2,
      duplicates: 2,
      givenSplits: [],
      hasFormerSplit: false,
    });
    expect(dataset?.classes.map((c) => [c.name, c.train + c.val])).toEqual([
      ['Grey heron (adult)', 6],
      ['Möwe', 7],
      ['海鸥', 3],
    ]);
    const { id } = dataset!;
    expect(await ask('projects.get', { id: project.id })).toMatchObject({ datasetIds: [id] });
    const { total, notes, problems } = await ask('datasets.problems', {
      id,
      offset: 0,
      limit: 100,
    });
    expect([total, notes]).toEqual([9, 4]);
    expect(problems.map((p) => `${p.kind} ${p.path.slice(messy.length + 1)}`).sort()).toEqual([
      'conflicting-label 海鸥/same as a gull.png',
      'duplicate Möwe/0.png',
      'empty-class empty class',
      'ignored ',
      'ignored .hidden',
      'ignored Grey heron (adult)/notes.txt',
      'ignored Möwe',
      'unreadable Grey heron (adult)/corrupt.jpg',
      'unreadable Möwe/really a png.JPG',
    ]);
    // States between two updates, such as a fast "checking" phase, may be skipped; the last is
    // always sent.
    const saved = { phase: 'saving', done: 16, total: 16, state: 'done' };
    expect(payloads('task').at(-1)).toMatchObject(saved);
    expect(payloads('library')).toContainEqual({ part: 'datasets', id });
    expect(payloads('library')).toContainEqual({ part: 'projects', id: null });
  });

  it('refuses at once what cannot come to anything', async () => {
    const id = await importedId();
    const twice = await refusal(importing(), 'already-added');
    expect(twice.entry).toBe('Küstenvögel');
    expect(twice.message).toContain(`${messy} is in the library already, as "Küstenvögel" (${id})`);
    expect(twice.hint).toContain('Open "Küstenvögel" and find new files');
    const other = await refusal(importing({ path: root }), 'name-taken');
    expect(other.hint).toContain('Choose another name');
    await refusal(importing({ name: 'x', projectId: 'pr-none' }), 'not-found');
    await refusal(importing({ name: '../x' }), 'usage');
    expect(await ask('tasks.list', {})).toHaveLength(1);
    const again = await ended(await importing({ name: 'again' }));
    expect(again.state).toBe('done');
  });

  it('fails with a reason, and leaves nothing when it is cancelled', async () => {
    const lost = await ended(await importing({ path: join(root, 'nowhere') }));
    expect([lost.state, lost.error?.code, lost.error?.path]).toEqual([
      'failed',
      'not-found',
      join(root, 'nowhere'),
    ]);
    const task = await importing();
    await ask('tasks.cancel', { id: task.id });
    expect(await ended(task)).toMatchObject({ state: 'cancelled', result: null });
    expect(await ask('datasets.list', {})).toEqual([]);
    expect((await ended(await importing())).state).toBe('done');
  });
});

describe('the gallery', () => {
  it('shows images with their pictures, and changes them', async () => {
    const id = await importedId();
    const gulls = await ask('datasets.images', { id, filter: { label: 1 }, offset: 0, limit: 3 });
    expect(gulls.total).toBe(8);
    expect(gulls.images.map((i) => [i.position, i.file, i.state])).toEqual([
      [7, 'Möwe/0 - Kopie.png', 'ok'],
      [8, 'Möwe/0.png', 'duplicate'],
      [9, 'Möwe/1.png', 'ok'],
    ]);
    const picture = await api.picture(gulls.images[0]!.media, null);
    expect(Buffer.from(picture.bytes)).toEqual(readFileSync(join(messy, 'Möwe', '0 - Kopie.png')));
    const bad = {
      id,
      filter: { state: 'unreadable', search: 'KORRUPT' },
      offset: 0,
      limit: 9,
    } as const;
    expect((await ask('datasets.images', bad)).total).toBe(0);
    const corrupt = { ...bad, filter: { state: 'unreadable', search: 'CORRUPT' } } as const;
    const [image] = (await ask('datasets.images', corrupt)).images;
    expect(image?.reason).toContain('corrupt.jpg');

    told = [];
    const change = { id, images: [8], change: { excluded: true } };
    const { changed, dataset } = await ask('datasets.changeImages', change);
    expect([changed, dataset.excluded, dataset.duplicates]).toEqual([1, 1, 1]);
    expect(payloads('library').map(({ part }) => part)).toEqual(['datasets', 'projects']);
    told = [];
    expect((await ask('datasets.changeImages', change)).changed).toBe(0);
    expect(told).toEqual([]);
    const relabel = { id, images: { label: 2 }, change: { label: 1 } };
    expect((await ask('datasets.changeImages', relabel)).changed).toBe(3);
    const kinds = (await ask('datasets.problems', { id, offset: 0, limit: 9 })).problems;
    expect(kinds.filter((p) => p.kind === 'conflicting-label')).toEqual([]);
    expect(kinds.filter((p) => !isNote(p)).at(-1)?.reason).toBe(
      'The class "海鸥" has no image that can be used.',
    );
    await refusal(ask('datasets.changeImages', { ...change, images: [99] }), 'not-found');
    // A misspelt filter must not be treated as an empty filter, which matches all images.
    const misspelt = { ...change, images: { lable: 1 } as object };
    await refusal(ask('datasets.changeImages', misspelt), 'usage');
  });

  it('draws the split anew and renames', async () => {
    const id = await importedId();
    const { dataset: split } = await ask('datasets.resplit', { id, val: 0.5, test: 0, seed: 2 });
    expect(split).toMatchObject({ valFraction: 0.5, seed: 2 });
    expect(split.counts.val).toBeGreaterThanOrEqual(6);
    await refusal(ask('datasets.resplit', { id, val: 0.5, test: 0.5, seed: 2 }), 'usage');
    expect((await ask('datasets.rename', { id, name: '海鸟' })).name).toBe('海鸟');
    expect(payloads('library').at(-2)).toEqual({ part: 'datasets', id });
  });

  it('takes excluded images out of what is trained', async () => {
    const id = await importedId();
    const backbone = await studio.backbones.add(await writeBackbone(mkdtempSync(join(root, 'b-'))));
    const all = { id, images: {}, change: { split: 'train' } } as const;
    await ask('datasets.changeImages', all);
    const heron = { id, images: { search: 'heron' }, change: { excluded: true } };
    await ask('datasets.changeImages', heron);
    const run = await studio.runs.create({
      backbone: backbone.id,
      dataset: id,
      config: TRAINING_DEFAULTS,
    });
    expect(run).toMatchObject({
      classes: ['Möwe', '海鸥'],
      counts: { train: 10, val: 0, test: 0 },
    });
    const manifest = readFileSync(join(run.folder, 'manifest.jsonl'), 'utf8');
    expect(manifest).not.toContain('heron');
    await ask('datasets.changeImages', { ...heron, change: { excluded: false } });
    expect(readFileSync(join(run.folder, 'manifest.jsonl'), 'utf8')).toBe(manifest);
  });

  it('shows what augmentation does', async () => {
    const id = await importedId();
    const { images } = await ask('datasets.augment', {
      id,
      positions: [0, 6],
      augmentation: { ...NO_AUGMENTATION, flip: true },
      imageSize: 32,
      copies: 2,
      seed: 0,
    });
    expect(images.map((i) => [i.position, i.copies.length])).toEqual([
      [0, 2],
      [6, 0],
    ]);
    const picture = await api.picture(images[0]!.copies[1]!, null);
    expect(picture.type).toBe('image/png');
    const wild = { id, positions: [0], imageSize: 32, copies: 1, seed: 0 };
    const augmentation = { ...NO_AUGMENTATION, randAugmentOps: 1000 };
    expect(
      (await refusal(ask('datasets.augment', { ...wild, augmentation }), 'config-invalid')).message,
    ).toContain('augmentation.randAugmentOps');
    await refusal(
      ask('datasets.augment', {
        id,
        positions: [0],
        augmentation: NO_AUGMENTATION,
        imageSize: 32,
        copies: 1,
        seed: 0,
        backboneId: 'none',
      }),
      'not-found',
    );
  });

  it('is checked by a task that finds what is gone, and forgotten without a file being touched', async () => {
    const copy = join(root, 'copy');
    await makeMessyFolder(copy);
    // Too large to serve as its own thumbnail.
    await writeImage(join(copy, 'Möwe', 'changes.png'), 1, 300, 300);
    const { result } = await ended(await importing({ path: copy }));
    const id = result?.kind === 'dataset' ? result.datasetId : '';
    const changes = { id, filter: { search: 'changes' }, offset: 0, limit: 1 } as const;
    const { media } = (await ask('datasets.images', changes)).images[0]!;
    const before = await api.picture(media, 64);
    await writeImage(join(copy, 'Möwe', 'changes.png'), 250, 300, 300);
    rmSync(join(copy, 'Möwe', '3.png'));
    const check = await ended(await ask('datasets.check', { id }));
    expect(check).toMatchObject({
      kind: 'dataset-check',
      state: 'done',
      // Includes problems found by the import that still apply.
      result: { kind: 'dataset', datasetId: id, problems: 7 },
    });
    expect((await ask('datasets.images', changes)).images[0]).toMatchObject({
      media,
      state: 'changed',
    });
    expect((await api.picture(media, 64)).bytes).not.toEqual(before.bytes);
    const missing = { id, filter: { state: 'missing' }, offset: 0, limit: 9 } as const;
    expect((await ask('datasets.images', missing)).images.map((i) => i.file)).toEqual([
      'Möwe/3.png',
    ]);
    await ask('datasets.remove', { id });
    expect(existsSync(join(copy, 'Möwe', '0.png'))).toBe(true);
    await refusal(ask('datasets.get', { id }), 'not-found');
    await refusal(ask('datasets.check', { id }), 'not-found');
    rmSync(copy, { recursive: true });
  });
});

describe('projects and backbones', () => {
  it('go through the contract, and every change is told', async () => {
    const { id } = await ask('projects.create', { name: ' Dunes ' });
    const file = await writeBackbone(mkdtempSync(join(root, 'b-')));
    const task = await ask('backbones.add', { path: file, name: 'tiny', said: {} });
    const { result } = await ended(task);
    expect(result?.kind).toBe('backbone');
    const [detail] = await ask('backbones.list', {});
    expect(detail).toMatchObject({ backbone: { name: 'tiny', path: file }, starter: false });
    // Each weight takes four bytes; the rest of the file is its header.
    const header = detail!.backbone.bytes - 4 * detail!.parameters;
    expect(header).toBeGreaterThan(0);
    expect(header).toBeLessThan(8192);
    const backboneId = detail!.backbone.id;
    await refusal(ask('backbones.add', { path: file, name: 'tiny', said: {} }), 'name-taken');
    expect((await ask('backbones.rename', { id: backboneId, name: 'ViT 小' })).backbone.name).toBe(
      'ViT 小',
    );

    const dataset = await importedId();
    expect(await ask('projects.attachDataset', { id, datasetId: dataset })).toMatchObject({
      datasetIds: [dataset],
    });
    expect(await ask('projects.update', { id, backboneId, notes: 'n' })).toMatchObject({
      backboneId,
    });
    told = [];
    const copy = await ask('projects.duplicate', { id, name: 'Dunes, again' });
    expect(copy).toMatchObject({ datasetIds: [dataset], backboneId, notes: 'n' });
    await ask('projects.detachDataset', { id: copy.id, datasetId: dataset });
    expect(payloads('library')).toEqual(Array(2).fill({ part: 'projects', id: copy.id }));
    expect((await ask('projects.list', {})).map((p) => p.name)).toEqual(['Dunes, again', 'Dunes']);

    const run = await studio.runs.create({
      backbone: backboneId,
      dataset,
      name: 'r 1',
      config: TRAINING_DEFAULTS,
    });
    const inUse = await refusal(ask('backbones.remove', { id: backboneId }), 'in-use');
    expect(inUse.message).toBe('The backbone "ViT 小" cannot be removed: the run "r 1" uses it.');
    expect(run.backboneName).toBe('ViT 小');
    expect(await ask('projects.get', { id })).toMatchObject({ backboneId });
  });

  it('hash a backbone as a task that can be cancelled', async () => {
    const file = await writeBackbone(mkdtempSync(join(root, 'b-')));
    const task = await ask('backbones.add', { path: file, name: null, said: {} });
    expect(task.subject).toBe('model.safetensors');
    await ask('tasks.cancel', { id: task.id });
    expect((await ended(task)).state).toBe('cancelled');
    expect(await ask('backbones.list', {})).toEqual([]);
    const done = await ended(await ask('backbones.add', { path: file, name: null, said: {} }));
    expect(done.state).toBe('done');
    const second = await ended(await ask('backbones.add', { path: file, name: null, said: {} }));
    expect([second.state, second.error?.code]).toEqual(['failed', 'already-added']);
  });
});
