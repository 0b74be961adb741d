import { describe, expect, it } from 'vitest';
import { manifestImages } from '../../../main/host/services/manifest.ts';
import { pageSql } from '../../../main/host/store/image-filter.ts';
import type { Dataset } from '../../../shared/domain/library.ts';
import { dataRoom, type DataRoom, type EnteredImage } from './data-room.ts';

const CLASSES = ['ash', 'elm', 'fir', 'oak'];

/** Six images, labelled as their names say. */
async function entered(): Promise<{ room: DataRoom; dataset: Dataset }> {
  const room = await dataRoom();
  const image = (
    [label = 0, ...furtherLabels]: number[],
    given: Partial<EnteredImage> = {},
  ): EnteredImage => ({
    file: `${[label, ...furtherLabels].join()}.png`,
    label,
    furtherLabels,
    ...given,
  });
  const dataset = room.enter(
    'trees',
    CLASSES,
    [
      image([0]),
      image([0, 2]),
      image([1, 2, 3], { split: 'val' }),
      image([2]),
      image([2, 3], { state: 'unreadable' }),
      image([1, 3]),
    ],
    'several',
  );
  return { room, dataset };
}

const byClass = ({ classes }: Dataset): number[][] => classes.map((c) => [c.train, c.val, c.test]);
const labelsOf = (room: DataRoom): number[][] =>
  [...room.datasets.images('trees')].map((i) => [i.label, ...i.furtherLabels]);

describe('a dataset whose images have several labels', () => {
  it('counts an image once, and once in each of its classes', async () => {
    const { dataset, room } = await entered();
    expect(dataset.counts).toEqual({ train: 4, val: 1, test: 0 });
    expect(byClass(dataset)).toEqual([
      [2, 0, 0],
      [1, 1, 0],
      [2, 1, 0],
      [1, 1, 0],
    ]);
    expect(room.datasets.task('trees')).toBe('several');
    expect(labelsOf(room)).toEqual([[0], [0, 2], [1, 2, 3], [2], [2, 3], [1, 3]]);
  });

  it('finds images by any of their labels, page by page, in their order', async () => {
    const { room } = await entered();
    const found = (filter: object, offset = 0, limit = 10): [number, ...number[]] => {
      const { total, images } = room.datasets.gallery('trees', filter, { offset, limit });
      return [total, ...images.map((image) => image.position)];
    };
    expect(found({ label: 2 })).toEqual([4, 1, 2, 3, 4]);
    expect(found({ label: 2 }, 1, 2)).toEqual([4, 2, 3]);
    expect(found({ label: 3, split: 'train' })).toEqual([2, 4, 5]);
    expect(found({ label: 3, state: 'ok' })).toEqual([2, 2, 5]);
    expect(found({ label: 3, search: '1,' })).toEqual([2, 2, 5]);
    expect(found({})).toEqual([6, 0, 1, 2, 3, 4, 5]);
  });

  it('is searched by indices', async () => {
    const { room, dataset } = await entered();
    const { sql, parameters } = pageSql(
      dataset.id,
      { label: 2, split: 'train' },
      { several: true },
    );
    const plan = room.library
      .all(`EXPLAIN QUERY PLAN ${sql}`, { ...parameters, offset: 0, limit: 1 })
      .map((row) => String(row['detail']));
    expect(plan.filter((step) => /SCAN (images|further)|B-TREE/.test(step))).toEqual([]);
    expect(plan.join('\n')).toContain(
      'SEARCH further_labels USING PRIMARY KEY (dataset_id=? AND label=?)',
    );
  });

  it('gives an image that is put into a class that one label alone', async () => {
    const { room } = await entered();
    // The first already has exactly that label.
    expect(room.datasets.change('trees', [0, 1, 2], { label: 0 }).changed).toBe(2);
    expect(labelsOf(room).slice(0, 3)).toEqual([[0], [0], [0]]);
    expect(room.datasets.change('trees', [0, 1, 2], { label: 0 }).changed).toBe(0);
    room.datasets.change('trees', [5], { split: 'test' });
    expect(byClass(room.datasets.get('trees'))).toEqual([
      [2, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 1],
    ]);
  });

  it('is listed for a run with all labels under the classes of the run', async () => {
    const { room } = await entered();
    const lines = (indices: [number, number][]): (readonly number[])[] =>
      [...manifestImages(room.datasets.images('trees'), new Map(indices))].map((i) => i.labels);
    expect(
      lines([
        [0, 3],
        [1, 0],
        [2, 1],
        [3, 2],
      ]),
    ).toEqual([[3], [1, 3], [0, 1, 2], [1], [0, 2]]);
    // Without the class of one of its labels, no answer could be judged.
    expect(
      lines([
        [0, 0],
        [1, 1],
        [2, 2],
      ]),
    ).toEqual([[0], [0, 2], [2]]);
  });
});
