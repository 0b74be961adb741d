import { describe, expect, it } from 'vitest';
import { isUsable, manifestImages } from '../../../main/host/services/manifest.ts';
import { sourceSplit, type Split } from '../../../shared/domain/dataset.ts';
import type { DatasetProblem } from '../../../shared/domain/library.ts';
import { dataRoom, SOURCE, type DataRoom, type EnteredImage } from './data-room.ts';
import { refusal } from './support.ts';

const splitsOf = (room: DataRoom, id: string): Split[] =>
  [...room.datasets.images(id)].map((image) => image.split);
const problemsOf = (room: DataRoom, id: string): string[] =>
  room.datasets.problems(id).map(({ kind, path }) => `${kind} ${path.replace(`${SOURCE}/`, '')}`);

/** `n` images of a class. */
function* ofClass(
  label: number,
  n: number,
  more: Partial<EnteredImage> = {},
): Generator<EnteredImage> {
  for (let i = 0; i < n; i++) yield { file: `${label}/${i}.png`, label, ...more };
}

/**
 * Two classes. Image 2 has the bytes of image 0; image 5 has those of image 3, which is of another
 * class.
 */
const TWINS: readonly EnteredImage[] = [
  { file: 'a/0.png', sha256: 'aa' },
  { file: 'a/1.png', sha256: 'bb', split: 'val' },
  { file: 'a/2.png', sha256: 'aa', state: 'duplicate', duplicateOf: 0 },
  { file: 'a/3.png', sha256: 'cc' },
  { file: 'b/4.png', sha256: 'dd', label: 1 },
  { file: 'b/5.png', sha256: 'cc', label: 1, state: 'duplicate', duplicateOf: 3 },
  { file: 'b/6.png', sha256: '', label: 1, state: 'unreadable', reason: 'cut off' },
];

describe('excluding', () => {
  it('takes images out of counts and manifests, keeps the state of their files, and can be taken back', async () => {
    const room = await dataRoom();
    const before = room.enter('x', ['a', 'b'], TWINS);
    expect(before).toMatchObject({
      counts: { train: 5, val: 1 },
      excluded: 0,
      unusable: 1,
      duplicates: 2,
    });
    const { changed, dataset } = room.datasets.change(before.id, [0, 2, 6], { excluded: true });
    expect(changed).toBe(3);
    expect(dataset).toMatchObject({
      counts: { train: 3, val: 1, test: 0 },
      excluded: 2,
      unusable: 1,
      duplicates: 1,
      classes: [
        { index: 0, name: 'a', train: 1, val: 1, test: 0, excluded: 2, leftOut: false },
        { index: 1, name: 'b', train: 2, val: 0, test: 0, excluded: 0, leftOut: false },
      ],
    });
    const { train, val, test } = dataset.counts;
    expect(train + val + test + dataset.excluded + dataset.unusable).toBe(TWINS.length);
    const states = [...room.datasets.images(before.id)];
    expect(states.map((i) => [i.state, i.excluded])).toEqual([
      ['ok', true],
      ['ok', false],
      ['duplicate', true],
      ['ok', false],
      ['ok', false],
      ['duplicate', false],
      ['unreadable', true],
    ]);
    expect(states.filter(isUsable)).toHaveLength(4);
    const labels = new Map([0, 1].map((label) => [label, label]));
    expect([...manifestImages(states, labels)].map((i) => i.path.slice(-5))).toEqual([
      '1.png',
      '3.png',
      '4.png',
      '5.png',
    ]);
    expect(room.datasets.gallery('x', { state: 'excluded' }, { offset: 0, limit: 9 }).total).toBe(
      3,
    );
    expect(room.datasets.gallery('x', { state: 'duplicate' }, { offset: 0, limit: 9 }).total).toBe(
      2,
    );
    expect(room.datasets.change('x', [0, 2, 6], { excluded: true }).changed).toBe(0);
    expect(room.datasets.change('x', { state: 'excluded' }, { excluded: false }).changed).toBe(3);
    expect(room.datasets.get('x')).toEqual(before);
  });

  it('settles what was said of duplicates and empty classes', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a', 'b'], TWINS);
    const folder: DatasetProblem = { kind: 'empty-class', path: `${SOURCE}/c`, reason: 'no image' };
    room.problemRows.replace(id, [], [folder, { kind: 'unreadable', path: 'p', reason: 'r' }]);
    room.datasets.change(id, [1], { excluded: true });
    expect(problemsOf(room, id)).toEqual([
      'unreadable p',
      'duplicate a/2.png',
      'conflicting-label b/5.png',
      'empty-class c',
    ]);
    room.datasets.change(id, [0, 5], { excluded: true });
    expect(problemsOf(room, id)).toEqual(['unreadable p', 'empty-class c']);
    room.datasets.change(id, [4], { excluded: true });
    expect(room.datasets.problems(id).at(-1)).toEqual({
      kind: 'empty-class',
      path: SOURCE,
      reason: 'The class "b" has no image that can be used.',
    });
  });
});

describe('relabelling and moving', () => {
  it('changes what is named, counts what became other, and leaves the rest', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a', 'b'], TWINS);
    const { changed, dataset } = room.datasets.change(id, [1, 4], { label: 1 });
    expect(changed).toBe(1);
    expect(dataset.classes.map((c) => [c.train, c.val])).toEqual([
      [3, 0],
      [2, 1],
    ]);
    expect(room.datasets.change(id, [1], { label: 0, split: 'test', excluded: true }).changed).toBe(
      1,
    );
    expect(room.datasets.image(id, 1)).toMatchObject({ label: 0, split: 'test', excluded: true });
    expect(room.datasets.change(id, [], { label: 0 }).changed).toBe(0);
    expect(room.datasets.change(id, [1], {}).changed).toBe(0);
  });

  it('takes exact duplicates along to another split, whichever of them is named', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a', 'b'], TWINS);
    expect(room.datasets.change(id, [2], { split: 'val' }).changed).toBe(2);
    expect(splitsOf(room, id)).toEqual(['val', 'val', 'val', 'train', 'train', 'train', 'train']);
    expect(room.datasets.change(id, { label: 1 }, { split: 'test' }).changed).toBe(4);
    expect(splitsOf(room, id)).toEqual(['val', 'val', 'val', 'test', 'test', 'test', 'test']);
    expect(room.datasets.change(id, [2, 3], { label: 1, split: 'test' }).changed).toBe(3);
    expect([...room.datasets.images(id)].map((i) => i.label)).toEqual([0, 0, 1, 1, 1, 1, 1]);
  });

  it('reaches all that a filter leaves, also by what the change makes other', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a', 'b'], [...ofClass(0, 3000), ...ofClass(1, 10)]);
    expect(room.datasets.change(id, { label: 0, search: '/1' }, { label: 1 }).changed).toBe(1111);
    expect(room.datasets.change(id, { split: 'train' }, { split: 'val' }).changed).toBe(3010);
    expect(room.datasets.get(id).classes.map((c) => [c.train, c.val])).toEqual([
      [0, 1889],
      [0, 1121],
    ]);
  });

  it('does nothing at all when one of the things named is not there', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a', 'b'], TWINS);
    const before = [...room.datasets.images(id)];
    expect(
      (await refusal(() => room.datasets.change(id, [0], { label: 2 }), 'not-found')).hint,
    ).toContain('merged');
    await refusal(() => room.datasets.change(id, [0, 7], { split: 'test' }), 'not-found');
    await refusal(() => room.datasets.change('y', [0], { split: 'test' }), 'not-found');
    expect([...room.datasets.images(id)]).toEqual(before);
  });
});

describe('drawing the split anew', () => {
  const counted = (room: DataRoom, id: string): (number | string)[][] =>
    room.datasets.get(id).classes.map((c) => [c.name, c.train, c.val, c.test]);

  it('is stratified, seeded, and remembers what it was drawn with', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a', 'b'], [...ofClass(0, 100), ...ofClass(1, 20)]);
    const { moved, dataset } = room.datasets.resplit(id, { val: 0.2, test: 0.1, seed: 5 });
    expect(moved).toBe(36);
    expect(dataset).toMatchObject({ valFraction: 0.2, testFraction: 0.1, seed: 5 });
    expect(counted(room, id)).toEqual([
      ['a', 70, 20, 10],
      ['b', 14, 4, 2],
    ]);
    const first = splitsOf(room, id);
    room.datasets.resplit(id, { val: 0.2, test: 0.1, seed: 6 });
    expect(splitsOf(room, id)).not.toEqual(first);
    room.datasets.resplit(id, { val: 0.2, test: 0.1, seed: 5 });
    expect(splitsOf(room, id)).toEqual(first);
    room.datasets.resplit(id, { val: 0, test: 0, seed: 5 });
    expect(new Set(splitsOf(room, id))).toEqual(new Set(['train']));
  });

  it('keeps exact duplicates together, excluded and missing ones too', async () => {
    const room = await dataRoom();
    const twins = Array.from({ length: 40 }, (_, i): EnteredImage[] => [
      { file: `a/${i}.png`, sha256: `s${i}` },
      { file: `b/${i}.png`, sha256: `s${i}`, label: 1, state: 'duplicate', duplicateOf: 2 * i },
    ]).flat();
    const { id } = room.enter(
      'x',
      ['a', 'b'],
      [
        ...twins,
        { file: 'a/lost.png', sha256: 's3', state: 'missing', duplicateOf: 6 },
        { file: 'a/bad.png', sha256: '', state: 'unreadable', split: 'test' },
      ],
    );
    room.datasets.change(id, [21, 41, 61], { excluded: true });
    room.datasets.resplit(id, { val: 0.3, test: 0.2, seed: 1 });
    const sides = new Map<string, Set<Split>>();
    for (const { sha256, split } of room.datasets.images(id))
      if (sha256 !== '') sides.set(sha256, (sides.get(sha256) ?? new Set()).add(split));
    expect([...sides.values()].map((s) => s.size)).toEqual(Array(40).fill(1));
    expect(splitsOf(room, id).at(-1)).toBe('test');
    expect(room.datasets.get(id).counts).toMatchObject({ val: 23, test: 15 });
  });

  it('counts only images that take part', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a'], ofClass(0, 100));
    room.datasets.change(
      id,
      Array.from({ length: 50 }, (_, i) => i),
      { excluded: true },
    );
    room.datasets.resplit(id, { val: 0.2, test: 0, seed: 0 });
    expect(room.datasets.get(id)).toMatchObject({
      counts: { train: 40, val: 10, test: 0 },
      excluded: 50,
    });
    expect(splitsOf(room, id).slice(0, 50)).toEqual(Array(50).fill('train'));
  });

  it('leaves what the source itself splits, unless it is asked to draw that too', async () => {
    const room = await dataRoom();
    const { id, givenSplits } = room.enter(
      'x',
      ['a'],
      [
        ...ofClass(0, 50, { givenSplit: 'train' }),
        ...ofClass(1, 10, { label: 0, split: 'test', givenSplit: 'test' }),
      ],
    );
    expect(givenSplits).toEqual(['train', 'test']);
    room.datasets.resplit(id, { val: 0.2, test: 0.5, seed: 0 });
    expect(room.datasets.get(id).counts).toEqual({ train: 40, val: 10, test: 10 });
    expect(splitsOf(room, id).slice(50)).toEqual(Array(10).fill('test'));
    room.datasets.resplit(id, { val: 0.2, test: 0.5, seed: 0, redrawGiven: true });
    expect(room.datasets.get(id).counts).toEqual({ train: 18, val: 12, test: 30 });
    room.datasets.resplit(id, { val: 0, test: 0, seed: 0 });
    expect(room.datasets.get(id).counts).toEqual({ train: 50, val: 0, test: 10 });
  });

  it('changes nothing of a source that names all splits', async () => {
    const room = await dataRoom();
    const given = (['train', 'val', 'test'] as const).flatMap((split, i) => [
      ...ofClass(i, 10, { label: 0, split, givenSplit: split }),
    ]);
    const { id } = room.enter('x', ['a'], given);
    const before = splitsOf(room, id);
    room.datasets.resplit(id, { val: 0.3, test: 0.3, seed: 9 });
    expect(splitsOf(room, id)).toEqual(before);
  });

  it('is previewed as it is done, and undone', async () => {
    const room = await dataRoom();
    const given = [...ofClass(0, 30, { givenSplit: 'train' }), ...ofClass(1, 10, { label: 1 })];
    const before = room.enter('x', ['a', 'b'], given);
    const { id } = before;
    const draw = { val: 0.2, test: 0.1, seed: 3, redrawGiven: true };
    const preview = room.datasets.previewSplit(id, draw);
    expect(room.datasets.get(id)).toEqual(before);
    expect(preview).toEqual({ counts: { train: 28, val: 8, test: 4 }, moved: 12 });
    const { moved, dataset } = room.datasets.resplit(id, draw);
    expect({ counts: dataset.counts, moved }).toEqual(preview);
    expect(dataset).toMatchObject({ hasFormerSplit: true, testFraction: 0.1 });
    expect(room.datasets.resplit(id, draw)).toEqual({ moved: 0, dataset });
    // What was moved by hand since, and what the re-split left alone, stays.
    const left = splitsOf(room, id).indexOf('train');
    room.datasets.change(id, [left], { split: 'test' });
    expect(room.datasets.undoSplit(id)).toMatchObject({
      moved: 12,
      dataset: { ...before, classes: expect.anything() as object, counts: { train: 39, test: 1 } },
    });
    await refusal(() => room.datasets.undoSplit(id), 'not-found');
  });

  it('takes copies that were added since along when it is undone', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a'], ofClass(0, 10));
    room.datasets.resplit(id, { val: 0, test: 0.2, seed: 0 });
    const [first] = [...room.datasets.images(id, 'test')];
    const { position } = first!;
    const copy = { ...first!, path: `${SOURCE}/copy.png`, position: 10, duplicateOf: position };
    room.images.insert(id, [{ ...copy, state: 'duplicate', searchKey: 'copy.png' }]);
    expect(room.datasets.undoSplit(id).moved).toBe(3);
    expect(splitsOf(room, id)).toEqual(Array(11).fill('train'));
  });

  it('goes back to the split of the source', async () => {
    const room = await dataRoom();
    const before = room.enter(
      'x',
      ['a'],
      [
        ...ofClass(0, 20, { givenSplit: 'train' }),
        ...ofClass(1, 8, { label: 0, split: 'test', givenSplit: 'test' }),
      ],
    );
    const { id } = before;
    room.datasets.resplit(id, { val: 0, test: 0.5, seed: 1, redrawGiven: true });
    expect(room.datasets.get(id).counts).toEqual({ train: 14, val: 0, test: 14 });
    const { dataset } = room.datasets.resplit(id, sourceSplit(room.datasets.get(id)));
    expect(dataset.counts).toEqual(before.counts);
  });

  it.each([
    [{ val: 1, test: 0, seed: 0 }, /validation is 1;/],
    [{ val: 0, test: -0.1, seed: 0 }, /testing is -0.1;/],
    [{ val: 0.5, test: 0.5, seed: 0 }, /nothing to train on/],
    [{ val: Number.NaN, test: 0, seed: 0 }, /validation is NaN/],
    [{ val: 0, test: 0, seed: 0.5 }, /whole number/],
  ])('refuses %o', async (draw, sentence) => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a'], ofClass(0, 5));
    expect((await refusal(() => room.datasets.resplit(id, draw), 'usage')).message).toMatch(
      sentence,
    );
  });
});

describe('renaming', () => {
  it('takes a free name alone', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a'], ofClass(0, 1));
    room.enter('y', ['a'], ofClass(0, 1));
    expect(room.datasets.rename(id, ' Küstenvögel ').name).toBe('Küstenvögel');
    expect(room.datasets.get('Ku\u0308stenvo\u0308gel').id).toBe(id);
    expect(room.datasets.rename(id, 'Küstenvögel').id).toBe(id);
    await refusal(() => room.datasets.rename(id, 'y'), 'name-taken');
    await refusal(() => room.datasets.rename(id, '-'), 'usage');
    await refusal(() => room.datasets.rename('none', 'z'), 'not-found');
  });
});

describe('problems', () => {
  it('of libraries of 10c452d keep their kinds; a word that is no kind is told as damage', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a'], ofClass(0, 1));
    const kinds = [
      'unreadable',
      'missing',
      'changed',
      'duplicate',
      'conflicting-label',
      'empty-class',
      'ignored',
      'bad-line',
    ];
    const enter = (kind: string, position: number): number =>
      room.library.run(
        `INSERT INTO problems (dataset_id, position, kind, path, line, reason)
         VALUES (@id, @position, @kind, '/x', NULL, 'r')`,
        { id, position, kind },
      );
    kinds.forEach(enter);
    expect(room.datasets.problems(id).map(({ kind }) => kind)).toEqual(kinds);
    enter('nonsense', kinds.length);
    await refusal(() => room.datasets.problems(id), 'store-damaged');
  });

  it('come in pages', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['a'], ofClass(0, 1));
    const found = Array.from({ length: 25 }, (_, i): DatasetProblem => ({
      kind: i < 5 ? 'ignored' : 'missing',
      path: `${i}`,
      reason: 'r',
    }));
    room.problemRows.replace(id, [], found);
    const page = room.datasets.problemPage(id, { offset: 15, limit: 10 });
    // Notes come last, regardless of the order in which they were found.
    expect(page).toEqual({
      total: 25,
      notes: 5,
      problems: [...found.slice(20), ...found.slice(0, 5)],
    });
    expect(room.datasets.problems(id)).toEqual(found);
    expect(room.datasets.problemPage(id, { offset: 30, limit: 10 })).toEqual({
      total: 25,
      notes: 5,
      problems: [],
    });
  });
});
