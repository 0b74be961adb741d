import { describe, expect, it } from 'vitest';
import {
  evaluatedClasses,
  indicesOf,
  KnownClasses,
} from '../../../main/host/services/adapters/known-classes.ts';
import { dataRoom, type DataRoom } from './data-room.ts';
import { refusal } from './support.ts';

/** Two validation images of each class, by labels from 0. */
const entered = (room: DataRoom, ...classes: string[]): string =>
  room.enter(
    'pets',
    classes,
    classes.flatMap((_, label) =>
      [0, 1].map((i) => ({ file: `${label}/${i}.png`, label, split: 'val' as const })),
    ),
  ).id;
const adapter = (...classes: string[]) => ({ name: 'first', runId: 'run-1', classes });

/** Finds the classes of an adapter whose run was on a dataset, with these labels. */
function knownIn(room: DataRoom, datasetId: string, labels: number[] | null, names: string[]) {
  const createdAt = '2026-01-01T00:00:00.000Z';
  return new KnownClasses(room.classRows, {
    classesOf: () => ({ datasetId, labels, names, createdAt }),
  });
}

describe('the class of an adapter that stands for one of the dataset', () => {
  it('is, of several that were merged, the one that the others became, also under a new name', async () => {
    const room = await dataRoom();
    const names = ['tabby', 'cat', 'dog'];
    const id = entered(room, ...names);
    room.classes.merge(id, 0, 1);
    room.classes.rename(id, 1, 'Cats');
    const dataset = room.datasets.get(id);
    const rows = [
      [1, 1],
      [2, 2],
    ];
    for (const labels of [[0, 1, 2], null])
      expect([...knownIn(room, id, labels, names).rows(adapter(...names), dataset)]).toEqual(rows);
    // By names alone, too; and the adapter may call it what the merged class was called.
    const elsewhere = knownIn(room, 'ds-other', null, []);
    expect([...elsewhere.rows(adapter(...names), dataset)]).toEqual(rows);
    const relabelled = adapter('Cats', 'animal', 'dog');
    expect([...knownIn(room, id, [0, 1, 2], names).rows(relabelled, dataset)]).toEqual(rows);
  });

  it('is the first of them where the adapter never had that one, and none of others', async () => {
    const room = await dataRoom();
    const id = entered(room, 'tabby', 'lion', 'dog');
    room.library.transaction(() => room.classRows.add(id, 'cat', '2026-02-01'));
    room.classes.merge(id, 1, 3);
    room.classes.merge(id, 0, 3);
    const own = adapter('tabby', 'lion', 'wolf');
    const known = knownIn(room, id, [0, 1, 9], [...own.classes]);
    expect([...known.rows(own, room.datasets.get(id))]).toEqual([[3, 0]]);
  });
});

describe('the classes that an adapter is evaluated on', () => {
  it('are its own where nothing has changed', async () => {
    const room = await dataRoom();
    const id = entered(room, 'cat', 'dog');
    const labels = knownIn(room, id, [0, 1], ['cat', 'dog']).labels(
      adapter('cat', 'dog'),
      room.datasets.get(id),
    );
    expect(evaluatedClasses(adapter('cat', 'dog'), room.datasets.get(id), labels, 'val')).toEqual({
      names: ['cat', 'dog'],
      of: [0, 1],
      indices: new Map([
        [0, 0],
        [1, 1],
      ]),
      notes: [],
    });
  });

  it('have the present names, one for those that were merged, and are not left out', async () => {
    const room = await dataRoom();
    const id = entered(room, 'cat', 'tabby', 'dog', 'bird');
    room.classes.rename(id, 3, 'Birds');
    room.classes.merge(id, 1, 0);
    room.classes.setLeftOut(id, 2, true);
    room.library.transaction(() => room.classRows.add(id, 'horse', '2026-02-01'));
    room.datasets.change(id, [0, 1], { label: 4 });
    const own = adapter('cat', 'tabby', 'dog', 'bird');
    const dataset = room.datasets.get(id);
    // An older run has no labels: its classes are found by the names of that time.
    const labels = knownIn(room, id, null, [...own.classes]).labels(own, dataset);
    expect(labels).toEqual([0, 0, 2, 3]);
    const { names, of, indices, notes } = evaluatedClasses(own, dataset, labels, 'val');
    expect(names).toEqual(['cat', 'dog', 'Birds']);
    expect(of).toEqual([0, 0, 1, 2]);
    expect([...indices]).toEqual([
      [0, 0],
      [3, 2],
    ]);
    expect(notes).toEqual([
      { kind: 'merged', former: ['tabby'], name: 'cat' },
      { kind: 'renamed', former: 'bird', name: 'Birds' },
      { kind: 'left-out', name: 'dog' },
      { kind: 'unknown', name: 'horse', images: 2 },
    ]);
  });

  it('stay what the run learnt when two names are swapped, and when the adapter is relabelled', async () => {
    const room = await dataRoom();
    const id = entered(room, 'cat', 'dog');
    for (const [label, name] of [
      [0, 'x'],
      [1, 'cat'],
      [0, 'dog'],
    ] as const)
      room.classes.rename(id, label, name);
    const dataset = room.datasets.get(id);
    const own = adapter('Katze', 'dog');
    const labels = knownIn(room, id, [0, 1], ['cat', 'dog']).labels(own, dataset);
    expect(labels).toEqual([0, 1]);
    const { names, notes } = evaluatedClasses(own, dataset, labels, 'val');
    expect(names).toEqual(['dog', 'cat']);
    expect(notes).toEqual([
      { kind: 'renamed', former: 'Katze', name: 'dog' },
      { kind: 'renamed', former: 'dog', name: 'cat' },
    ]);
    // Of another dataset's run, names are all that is known.
    const elsewhere = knownIn(room, 'ds-other', [0, 1], ['cat', 'dog']);
    expect(elsewhere.labels(adapter('cat', 'dog'), dataset)).toEqual([1, 0]);
  });

  it('keep what the dataset does not have, and are refused when it has none of them', async () => {
    const room = await dataRoom();
    const id = entered(room, 'cat', 'dog');
    const dataset = room.datasets.get(id);
    const elsewhere = knownIn(room, 'ds-other', null, []);
    const some = adapter('lion', 'dog');
    const labels = elsewhere.labels(some, dataset);
    const { names, of, notes } = evaluatedClasses(some, dataset, labels, 'val');
    expect([names, of]).toEqual([
      ['lion', 'dog'],
      [0, 1],
    ]);
    expect(notes).toEqual([{ kind: 'unknown', name: 'cat', images: 2 }]);
    expect([...indicesOf(some, dataset, labels, 'val')]).toEqual([[1, 1]]);
    const foreign = adapter('a', 'b');
    const none = elsewhere.labels(foreign, dataset);
    for (const find of [evaluatedClasses, indicesOf]) {
      const error = await refusal(() => find(foreign, dataset, none, 'val'), 'dataset-unusable');
      expect(error.message).toContain('any of the 2 classes of the dataset "pets": "cat", "dog"');
    }
  });
});
