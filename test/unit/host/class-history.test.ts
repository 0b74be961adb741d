import { describe, expect, it } from 'vitest';
import {
  labelsByName,
  labelsOfRun,
  namesAt,
  presentLabel,
  presentLabels,
  type ClassHistory,
} from '../../../main/host/services/datasets/class-history.ts';
import type { ClassEvent } from '../../../shared/domain/class-history.ts';

type Change = Partial<ClassEvent> & Pick<ClassEvent, 'kind' | 'label' | 'name'>;

/** A history whose changes are made on the first, second, … of June. */
function historyOf(names: Record<number, string>, ...changes: Change[]): ClassHistory {
  return {
    names: new Map(Object.entries(names).map(([label, name]) => [Number(label), name])),
    events: changes.map((change, i) => ({
      ...{ at: day(i + 1), formerName: null, intoLabel: null, images: 0 },
      ...change,
    })),
  };
}
const day = (n: number): string => `2026-06-${String(n).padStart(2, '0')}T12:00:00.000Z`;
const renamed = (label: number, formerName: string, name: string): Change => ({
  ...{ kind: 'renamed', label, formerName, name },
});
const merged = (label: number, formerName: string, intoLabel: number, name: string): Change => ({
  ...{ kind: 'merged', label, formerName, intoLabel, name },
});
const oldRun = (names: string[], createdAt = day(0)) => ({ names, labels: null, createdAt });

describe('the classes of a run', () => {
  it('are found by their labels, whatever they are called now', () => {
    const history = historyOf(
      { 0: 'dog', 1: 'cat', 2: 'bird' },
      renamed(0, 'cat', 'x'),
      renamed(1, 'dog', 'cat'),
      renamed(0, 'x', 'dog'),
    );
    const run = { names: ['cat', 'dog'], labels: [0, 1], createdAt: day(0) };
    expect(labelsOfRun(history, run)).toEqual([0, 1]);
  });

  it('are found by the names of that time where a run has no labels: two names were swapped', () => {
    const history = historyOf(
      { 0: 'dog', 1: 'cat' },
      renamed(0, 'cat', 'x'),
      renamed(1, 'dog', 'cat'),
      renamed(0, 'x', 'dog'),
    );
    expect(labelsOfRun(history, oldRun(['cat', 'dog']))).toEqual([0, 1]);
    expect(labelsOfRun(history, oldRun(['cat', 'dog'], day(4)))).toEqual([1, 0]);
    expect(labelsOfRun(history, oldRun(['x', 'cat'], day(2)))).toEqual([0, 1]);
  });

  it('follow merges, also those of merged and of renamed classes', () => {
    const history = historyOf(
      { 2: 'Cats', 3: 'dog' },
      renamed(0, 'tabby', 'striped'),
      merged(0, 'striped', 1, 'cat'),
      merged(1, 'cat', 2, 'lion'),
      renamed(2, 'lion', 'Cats'),
    );
    const labels = labelsOfRun(history, oldRun(['tabby', 'cat', 'lion', 'dog']));
    expect(labels).toEqual([0, 1, 2, 3]);
    expect(presentLabels(history, labels)).toEqual([2, 2, 2, 3]);
    expect(presentLabel(history, 0)).toBe(2);
  });

  it('are apart again when a merge was undone', () => {
    const history = historyOf({ 0: 'cat', 1: 'tabby' }, merged(1, 'tabby', 0, 'cat'), {
      ...{ kind: 'unmerged', label: 1, name: 'tabby', intoLabel: 0 },
    });
    expect(labelsOfRun(history, oldRun(['cat', 'tabby']))).toEqual([0, 1]);
    expect([...namesAt(history, day(1))]).toEqual([[0, 'cat']]);
    expect([...namesAt(history, day(0))].sort()).toEqual([
      [0, 'cat'],
      [1, 'tabby'],
    ]);
  });

  it('do not know a class that was added since, even under a name that was free', () => {
    const history = historyOf({ 0: 'Cats', 5: 'cat' }, renamed(0, 'cat', 'Cats'), {
      ...{ kind: 'added', label: 5, name: 'cat' },
    });
    expect(labelsOfRun(history, oldRun(['cat']))).toEqual([0]);
  });
});

describe('classes known by name alone', () => {
  const history = historyOf(
    { 0: 'Cats', 2: 'dog', 3: 'cat' },
    renamed(0, 'kitten', 'Cats'),
    merged(1, 'tabby', 0, 'Cats'),
    { kind: 'added', label: 3, name: 'puppy' },
    renamed(2, 'puppy', 'dog'),
    renamed(3, 'puppy', 'cat'),
  );

  it('are found by the present name, then by a former one that only one class had', () => {
    const labels = labelsByName(history, ['dog', 'kitten', 'tabby', 'cat']);
    expect(labels).toEqual([2, 0, 1, 3]);
    expect(presentLabels(history, labels)).toEqual([2, 0, 0, 3]);
    expect(labelsByName(history, ['puppy', 'horse'])).toEqual([null, null]);
  });

  it('have no present label where the dataset has no such class', () => {
    expect(presentLabels(history, [null, 9, 2])).toEqual([null, null, 2]);
  });

  it('are not the class of another name', () => {
    expect(labelsByName(history, ['kitten', 'Cats'])).toEqual([null, 0]);
  });
});
