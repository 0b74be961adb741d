import { describe, expect, it } from 'vitest';
import { runClasses } from '../../../main/host/services/run-classes.ts';
import { manifestImages } from '../../../main/host/services/manifest.ts';
import { lastNameOf } from '../../../shared/domain/dataset-classes.ts';
import { dataRoom, type DataRoom, type EnteredImage } from './data-room.ts';
import { refusal } from './support.ts';

/** Three classes with labels 0, 1, 2: four cats, three tabbies, two dogs. */
const ANIMALS: readonly EnteredImage[] = [0, 0, 0, 0, 1, 1, 1, 2, 2].map((label, i) => ({
  file: `${i}.png`,
  label,
  split: i % 2 === 0 ? 'train' : 'val',
}));

const entered = (room: DataRoom): string => room.enter('pets', ['cat', 'tabby', 'dog'], ANIMALS).id;
const labelsOf = (room: DataRoom, id: string): number[] =>
  [...room.datasets.images(id)].map(({ label }) => label);
const kindsOf = (room: DataRoom, id: string): string[] =>
  room.classes.history(id).map(({ kind }) => kind);
const sourcesOf = (room: DataRoom): unknown =>
  Object.fromEntries(
    room.library
      .all('SELECT name, label FROM class_sources ORDER BY name')
      .map(({ name, label }) => [name, label]),
  );

describe('renaming a class', () => {
  it('keeps its label and images, and is in the history', async () => {
    const room = await dataRoom();
    const id = entered(room);
    const { classes } = room.classes.rename(id, 1, '  striped cat ');
    expect(classes.map(({ index, name }) => [index, name])).toEqual([
      [0, 'cat'],
      [1, 'striped cat'],
      [2, 'dog'],
    ]);
    expect(labelsOf(room, id)).toEqual(ANIMALS.map(({ label }) => label));
    expect(room.classes.history(id)).toMatchObject([
      { kind: 'renamed', label: 1, formerName: 'tabby', name: 'striped cat', intoLabel: null },
    ]);
    room.classes.rename(id, 1, 'striped cat');
    expect(room.classes.history(id)).toHaveLength(1);
    // The images of its folder are still found.
    expect(sourcesOf(room)).toEqual({ cat: 0, tabby: 1, dog: 2 });
  });

  it('is refused with the name of another class, and says that they can be merged', async () => {
    const room = await dataRoom();
    const id = entered(room);
    const taken = await refusal(() => room.classes.rename(id, 1, 'cat'), 'name-taken');
    expect(taken.hint).toBe('To make one class of both, merge "tabby" into "cat".');
    for (const name of ['', ' ', 'a\nb', 'x'.repeat(201)])
      await refusal(() => room.classes.rename(id, 1, name), 'usage');
    await refusal(() => room.classes.rename(id, 3, 'bird'), 'not-found');
    expect(room.classes.history(id)).toEqual([]);
  });

  it('is found by name, or says which one is meant', async () => {
    const room = await dataRoom();
    const id = entered(room);
    expect(room.classes.named(id, 'dog').index).toBe(2);
    const { hint } = await refusal(() => room.classes.named(id, 'dgo'), 'not-found');
    expect(hint).toBe('Did you mean "dog"?');
  });
});

describe('merging classes', () => {
  it('moves the images and the sources, and leaves a gap in the labels', async () => {
    const room = await dataRoom();
    const id = entered(room);
    const { classes, counts } = room.classes.merge(id, 1, 0);
    expect(classes).toMatchObject([
      { index: 0, name: 'cat', train: 4, val: 3 },
      { index: 2, name: 'dog', train: 1, val: 1 },
    ]);
    expect(counts).toEqual({ train: 5, val: 4, test: 0 });
    expect(sourcesOf(room)).toEqual({ cat: 0, tabby: 0, dog: 2 });
    expect(room.classes.history(id)).toMatchObject([
      { kind: 'merged', label: 1, formerName: 'tabby', name: 'cat', intoLabel: 0, images: 3 },
    ]);
    const { names, labels } = runClasses(room.datasets.get(id));
    expect(names).toEqual(['cat', 'dog']);
    expect([...labels]).toEqual([
      [0, 0],
      [2, 1],
    ]);
    const { changed } = room.datasets.change(id, [0], { label: 2 });
    expect(changed).toBe(1);
    await refusal(() => room.datasets.change(id, [0], { label: 1 }), 'not-found');
    await refusal(() => room.classes.merge(id, 2, 2), 'usage');
  });

  it('never gives a label to another class', async () => {
    const room = await dataRoom();
    const id = entered(room);
    room.classes.merge(id, 2, 0);
    expect(room.library.transaction(() => room.classRows.add(id, 'bird', '2026-02-01'))).toBe(3);
    expect(room.datasets.get(id).classes.map(({ index }) => index)).toEqual([0, 1, 3]);
    expect(kindsOf(room, id)).toEqual(['merged', 'added']);
  });

  it('is undone for exactly the images that moved and are still there', async () => {
    const room = await dataRoom();
    const id = entered(room);
    // Corrected before: a tabby that is a cat; it does not move back.
    room.datasets.change(id, [4], { label: 0 });
    room.classes.merge(id, 1, 0);
    // Corrected since: a tabby that is a dog, and a dog that is a cat.
    room.datasets.change(id, [5], { label: 2 });
    room.datasets.change(id, [8], { label: 0 });
    room.classes.rename(id, 0, 'Cats');
    const { classes } = room.classes.unmerge(id, 1);
    expect(classes.map(({ index, name }) => [index, name])).toEqual([
      [0, 'Cats'],
      [1, 'tabby'],
      [2, 'dog'],
    ]);
    expect(labelsOf(room, id)).toEqual([0, 0, 0, 0, 0, 2, 1, 2, 0]);
    expect(sourcesOf(room)).toEqual({ cat: 0, tabby: 1, dog: 2 });
    expect(kindsOf(room, id)).toEqual(['merged', 'renamed', 'unmerged']);
    await refusal(() => room.classes.unmerge(id, 1), 'not-found');
  });

  it('is undone last merge first, and not onto a name that is taken', async () => {
    const room = await dataRoom();
    const id = entered(room);
    room.classes.merge(id, 1, 0);
    room.classes.merge(id, 0, 2);
    expect(labelsOf(room, id)).toEqual(ANIMALS.map(() => 2));
    const early = await refusal(() => room.classes.unmerge(id, 1), 'usage');
    expect(early.hint).toBe('Undo that merge first.');
    room.classes.rename(id, 2, 'cat');
    await refusal(() => room.classes.unmerge(id, 0), 'name-taken');
    room.classes.rename(id, 2, 'dog');
    room.classes.unmerge(id, 0);
    room.classes.unmerge(id, 1);
    expect(labelsOf(room, id)).toEqual(ANIMALS.map(({ label }) => label));
  });

  it('keeps several labels an image apart and in order', async () => {
    const room = await dataRoom();
    const { id } = room.enter(
      'tags',
      ['a', 'b', 'c'],
      [
        { file: '0.png', label: 0, furtherLabels: [1] },
        { file: '1.png', label: 1, furtherLabels: [2] },
        { file: '2.png', label: 2 },
        { file: '3.png', label: 0, furtherLabels: [1, 2] },
      ],
    );
    const all = (): unknown =>
      [...room.datasets.images(id)].map(({ label, furtherLabels }) => [label, ...furtherLabels]);
    const before = all();
    room.classes.merge(id, 2, 0);
    expect(all()).toEqual([[0, 1], [0, 1], [0], [0, 1]]);
    expect(room.classes.history(id)).toMatchObject([{ images: 3 }]);
    room.classes.unmerge(id, 2);
    expect(all()).toEqual(before);
  });
});

describe('leaving a class out', () => {
  it('takes its images out of counts and runs, and gives them back', async () => {
    const room = await dataRoom();
    const id = entered(room);
    const before = room.datasets.get(id);
    room.datasets.change(id, [4], { excluded: true });
    const without = room.classes.setLeftOut(id, 1, true);
    expect(without).toMatchObject({
      counts: { train: 3, val: 3, test: 0 },
      excluded: 3,
      classes: [
        { index: 0, leftOut: false },
        { index: 1, leftOut: true, train: 0, val: 0, test: 0, excluded: 3 },
        { index: 2, leftOut: false },
      ],
    });
    const { names, labels } = runClasses(without);
    expect(names).toEqual(['cat', 'dog']);
    expect([...manifestImages(room.datasets.images(id), labels)]).toHaveLength(6);
    room.classes.setLeftOut(id, 1, true);
    room.classes.setLeftOut(id, 1, false);
    room.datasets.change(id, [4], { excluded: false });
    expect(room.datasets.get(id)).toEqual(before);
    expect(kindsOf(room, id)).toEqual(['left-out', 'included']);
  });

  it('finds no fault with what is left out', async () => {
    const room = await dataRoom();
    const { id } = room.enter(
      'x',
      ['a', 'b'],
      [
        { file: '0.png', sha256: 'aa' },
        { file: '1.png', sha256: 'aa', label: 1, state: 'duplicate', duplicateOf: 0, split: 'val' },
      ],
    );
    const problems = (): string[] => room.datasets.problems(id).map(({ kind }) => kind);
    room.classes.rename(id, 0, 'A');
    expect(room.datasets.problems(id).map(({ reason }) => reason)[0]).toContain('"A"');
    expect(problems()).toEqual(['conflicting-label', 'empty-class']);
    room.classes.setLeftOut(id, 1, true);
    expect(problems()).toEqual([]);
    room.classes.setLeftOut(id, 1, false);
    expect(problems()).toEqual(['conflicting-label', 'empty-class']);
    room.classes.merge(id, 1, 0);
    expect(problems()).toEqual(['duplicate']);
  });
});

it('names a class that was merged as it was called then', async () => {
  const room = await dataRoom();
  const id = entered(room);
  room.classes.merge(id, 1, 0);
  room.classes.unmerge(id, 1);
  room.classes.rename(id, 0, 'Cat');
  const dataset = room.classes.merge(id, 0, 2);
  const history = room.classes.history(id);
  expect([0, 1, 2, 3].map((label) => lastNameOf(dataset, history, label))).toEqual([
    ...['Cat', 'tabby', 'dog', ''],
  ]);
});

describe('a class that was added', () => {
  it('can be taken back without a trace', async () => {
    const room = await dataRoom();
    const id = entered(room);
    const before = { classes: room.datasets.get(id).classes, sources: sourcesOf(room) };
    const { label } = room.classes.add(id, 'bird');
    room.datasets.change(id, [0, 4], { label });
    expect(room.classes.takeBack(id, label).classes, 'it has images').toHaveLength(4);
    room.datasets.change(id, [0], { label: 0 });
    room.datasets.change(id, [4], { label: 1 });
    expect(room.classes.takeBack(id, label).classes).toEqual(before.classes);
    expect(sourcesOf(room)).toEqual(before.sources);
    expect(room.classes.history(id)).toEqual([]);
    expect(room.classes.takeBack(id, label).classes, 'twice').toEqual(before.classes);
    expect(room.classes.add(id, 'bird').label).toBe(label);
  });

  it('stays when something came of it, or when the import made it', async () => {
    const room = await dataRoom();
    const id = entered(room);
    const { label: renamed } = room.classes.add(id, 'bird');
    room.classes.rename(id, renamed, 'Bird');
    const { label: joined } = room.classes.add(id, 'lion');
    room.classes.merge(id, 1, joined);
    room.datasets.change(id, { label: joined }, { label: 0 });
    const { label: learned } = room.classes.add(id, 'fish');
    room.library.run(
      `INSERT INTO runs (id, name, state, backbone, dataset_id, dataset_name, classes, class_labels,
         counts, config, task, manifest_sha256, created_at)
       VALUES ('run-1', 'one', 'queued', '{}', @id, 'pets', '[]', @labels, '{}', '{}', '', @sha, '')`,
      { id, labels: JSON.stringify([0, learned]), sha: '0'.repeat(64) },
    );
    for (const label of [0, renamed, joined, learned])
      expect(room.classes.takeBack(id, label).classes).toHaveLength(5);
  });
});
