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
    const known = new Map([
      [7, 2],
      [0, 0],
    ]);
    expect(classRows(known, run)).toEqual([0, null, 2]);
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
