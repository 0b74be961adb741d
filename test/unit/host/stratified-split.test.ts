import { describe, expect, it } from 'vitest';
import { stratifiedSplit } from '../../../main/host/services/datasets/split.ts';
import { sortClasses } from '../../../main/host/services/datasets/listing.ts';

describe('the split', () => {
  const images = (n: number, label = 0) =>
    Array.from({ length: n }, (_, i) => ({ label, sha256: `${label}-${i}`, given: null }));

  it.each([
    [1, 1, 0, 0],
    [2, 2, 0, 0],
    [3, 1, 1, 1],
    [10, 7, 2, 1],
    [100, 70, 20, 10],
  ])('of %i images leaves %i to train on, %i and %i held back', (n, train, val, test) => {
    const splits = stratifiedSplit(images(n), { val: 0.2, test: 0.1 }, 0);
    expect(['train', 'val', 'test'].map((s) => splits.filter((x) => x === s).length)).toEqual([
      train,
      val,
      test,
    ]);
  });

  it('is the same for the same seed in any order of the files, and another for another seed', () => {
    const a = [...images(50), ...images(50, 1)];
    const bySha = (list: typeof a, seed: number): string[] => {
      const splits = stratifiedSplit(list, { val: 0.2, test: 0 }, seed);
      return list.map((x, i) => `${x.sha256} ${splits[i]}`).sort();
    };
    expect(bySha([...a].reverse(), 3)).toEqual(bySha(a, 3));
    expect(bySha(a, 4)).not.toEqual(bySha(a, 3));
  });

  it('never changes what the source says, even for duplicates on both sides', () => {
    const given = [
      { label: 0, sha256: 'same', given: 'train' as const },
      { label: 0, sha256: 'same', given: 'test' as const },
      { label: 0, sha256: 'other', given: null },
      { label: 0, sha256: 'same', given: null },
    ];
    expect(stratifiedSplit(given, { val: 0, test: 0.5 }, 0)).toEqual([
      'train',
      'test',
      'train',
      'test',
    ]);
  });

  it('sorts class names like Python', () => {
    expect(sortClasses(['b', 'B', 'ä', 'a10', 'a9', '😀', '\uFF5E'])).toEqual([
      'B',
      'a10',
      'a9',
      'b',
      'ä',
      '\uFF5E',
      '😀',
    ]);
    expect(sortClasses(['10', '9', '1'], true)).toEqual(['1', '9', '10']);
  });
});
