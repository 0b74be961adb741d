import { describe, expect, it } from 'vitest';
import { classChanges, classRows } from '../../../main/host/services/runs/run-start.ts';

/** Classes of a run, by their labels in the dataset. */
const classes = (...pairs: readonly (readonly [label: number, name: string])[]) => ({
  names: pairs.map(([, name]) => name),
  labels: new Map(pairs.map(([label], place) => [label, place])),
});

describe('the rows of a head that a run starts from', () => {
  it('are those of the classes with the same label, in the order of the run', () => {
    const run = classes([0, 'gull'], [3, 'fern'], [7, 'tern']);
    expect(classRows(['tern', 'swift', 'gull'], [7, null, 0], run)).toEqual([2, null, 0]);
  });

  it('follow a class that has another name now', () => {
    expect(classRows(['seagull', 'tern'], [0, 1], classes([0, 'gull'], [1, 'tern']))).toEqual([
      0, 1,
    ]);
  });

  it('are those of the target where classes have become one', () => {
    const run = classes([4, 'bird'], [5, 'fish']);
    expect(classRows(['gull', 'bird', 'fish'], [4, 4, 5], run)).toEqual([1, 2]);
    expect(classRows(['gull', 'tern', 'fish'], [4, 4, 5], run)).toEqual([0, 2]);
  });

  it('say what is kept, new and dropped', () => {
    const [gull, tern, fern] = ['gull', 'tern', 'fern'];
    expect(classChanges([tern, 'swift', gull], [gull, fern, tern], [2, null, 0])).toEqual({
      kept: [gull, tern],
      added: [fern],
      dropped: ['swift'],
    });
  });
});
