import { sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileBelow } from '../../../main/host/services/datasets/file-name.ts';
import { pageSql, positionsSql, totalSql } from '../../../main/host/store/image-filter.ts';
import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import { dataRoom, SOURCE, type DataRoom, type EnteredImage } from './data-room.ts';
import { refusal } from './support.ts';

/** The database's query plan for the images of a filter, one line per step. */
function planOf(room: DataRoom, { sql, parameters }: ReturnType<typeof pageSql>): string[] {
  return room.library
    .all(`EXPLAIN QUERY PLAN ${sql}`, { ...parameters, offset: 40_000, limit: 100 })
    .map((row) => String(row['detail']));
}

/** Seven images of two classes, covering every state. */
const FEW: readonly EnteredImage[] = [
  { file: 'Möwe/IMG_1.JPG' },
  { file: 'Möwe/IMG_2.JPG', split: 'val' },
  { file: 'Möwe/img_10.jpg', state: 'duplicate', reason: 'as 1', duplicateOf: 0 },
  { file: 'Tern/IMG_1.JPG', label: 1, split: 'val' },
  { file: 'Tern/50%.png', label: 1, state: 'unreadable', reason: 'cut off' },
  { file: 'Tern/_x.png', label: 1, split: 'test' },
  { file: 'Tern/gone.png', label: 1, split: 'val', state: 'missing', reason: 'no file' },
];

describe('a page of the gallery', () => {
  const cases: [ImageFilter, number[]][] = [
    [{}, [0, 1, 2, 3, 4, 5, 6]],
    [{ label: 1 }, [3, 4, 5, 6]],
    [{ split: 'val' }, [1, 3, 6]],
    [{ label: 1, split: 'val' }, [3, 6]],
    [{ state: 'ok' }, [0, 1, 3, 5]],
    [{ state: 'ok', label: 0 }, [0, 1]],
    [{ state: 'ok', split: 'test' }, [5]],
    [{ state: 'unreadable' }, [4]],
    [{ state: 'missing', label: 1, split: 'val' }, [6]],
    [{ state: 'missing', label: 0 }, []],
    [{ state: 'changed' }, []],
    [{ state: 'excluded' }, []],
    [{ search: 'img_1' }, [0, 2, 3]],
    [{ search: '  TERN/Img ' }, [3]],
    [{ search: 'mo\u0308WE' }, [0, 1, 2]],
    [{ search: '%' }, [4]],
    [{ search: '_x' }, [5]],
    [{ search: 'küste' }, []],
    [{ search: ' ' }, [0, 1, 2, 3, 4, 5, 6]],
    [{ search: 'img_1', label: 0, split: 'train', state: 'duplicate' }, [2]],
  ];
  it('holds what each filter leaves, in stored order, and says how many that are', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['Möwe', 'Tern'], FEW);
    for (const [filter, positions] of cases) {
      const { total, images } = room.datasets.gallery(id, filter, { offset: 0, limit: 100 });
      expect([filter, images.map((i) => i.position), total]).toEqual([
        filter,
        positions,
        positions.length,
      ]);
      const second = room.datasets.gallery(id, filter, { offset: 1, limit: 2 });
      expect([filter, second.images.map((i) => i.position)]).toEqual([
        filter,
        positions.slice(1, 3),
      ]);
      expect(second.total).toBe(positions.length);
    }
  });

  it('counts the images of a class that is left out as excluded', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['Möwe', 'Tern'], FEW);
    room.datasets.change(id, [1], { excluded: true });
    room.classes.setLeftOut(id, 1, true);
    const found = (filter: ImageFilter): number[] => {
      const { total, images } = room.datasets.gallery(id, filter, { offset: 0, limit: 100 });
      expect(total).toBe(images.length);
      return images.map((image) => image.position);
    };
    expect(found({ state: 'excluded' })).toEqual([1, 3, 4, 5, 6]);
    expect(found({ state: 'excluded', label: 0 })).toEqual([1]);
    expect(found({ state: 'excluded', label: 1, split: 'val' })).toEqual([3, 6]);
    expect(found({ state: 'excluded', search: 'img' })).toEqual([1, 3]);
    expect(found({ state: 'unreadable' })).toEqual([4]);
    room.classes.setLeftOut(id, 1, false);
    expect(found({ state: 'excluded' })).toEqual([1]);
  });

  it('tells all about an image, with its path below the folder', async () => {
    const room = await dataRoom();
    const { id } = room.enter('x', ['Möwe', 'Tern'], FEW);
    const { images } = room.datasets.gallery(id, { state: 'unreadable' }, { offset: 0, limit: 1 });
    expect(images[0]).toMatchObject({
      position: 4,
      file: 'Tern/50%.png',
      path: `${SOURCE}/Tern/50%.png`,
      label: 1,
      split: 'train',
      state: 'unreadable',
      excluded: false,
      reason: 'cut off',
    });
    expect(room.datasets.image(id, 4)).toEqual(images[0]);
    await refusal(() => room.datasets.image(id, 7), 'not-found');
    await refusal(() => room.datasets.gallery('none', {}, { offset: 0, limit: 1 }), 'not-found');
  });

  it('keeps datasets apart', async () => {
    const room = await dataRoom();
    const one = room.enter('one', ['Möwe', 'Tern'], FEW);
    room.enter('two', ['Möwe', 'Tern'], FEW.slice(0, 3));
    expect(room.datasets.gallery('two', {}, { offset: 0, limit: 10 }).total).toBe(3);
    room.datasets.remove(one.id);
    expect(room.datasets.gallery('two', { label: 0 }, { offset: 0, limit: 10 }).total).toBe(3);
    expect(room.datasets.get('two').counts).toEqual({ train: 2, val: 1, test: 0 });
  });
});

describe('among 50,000 images', () => {
  const N = 50_000;
  function* many(): Generator<EnteredImage> {
    for (let i = 0; i < N; i++)
      yield {
        file: `class ${i % 10}/IMG_${i}.jpg`,
        sha256: '',
        label: i % 10,
        split: i % 5 === 0 ? 'val' : 'train',
        state: i % 1000 === 7 ? 'unreadable' : 'ok',
      };
  }

  it('an index serves every page, nothing is sorted, and the count needs no image', async () => {
    const room = await dataRoom();
    const names = Array.from({ length: 10 }, (_, i) => `class ${i}`);
    const { id, counts, unusable } = room.enter('many', names, many());
    expect({ counts, unusable }).toEqual({
      counts: { train: 39_950, val: 10_000, test: 0 },
      unusable: 50,
    });
    room.datasets.change(id, [41_000, 42_000], { excluded: true });
    const indices: [ImageFilter, string][] = [
      [{ label: 3 }, 'images_by_label (dataset_id=? AND label=?)'],
      [{ label: 3, split: 'train' }, 'images_by_label (dataset_id=? AND label=?)'],
      [{ split: 'val' }, 'images_by_split (dataset_id=? AND split=?)'],
      [{ state: 'ok' }, 'images_by_state (dataset_id=? AND state=?)'],
      [{ state: 'unreadable', label: 7 }, 'images_by_state (dataset_id=? AND state=?)'],
      [{ state: 'excluded' }, 'images_excluded (dataset_id=?)'],
    ];
    for (const [filter, index] of indices) {
      const plan = planOf(room, pageSql(id, filter));
      expect(plan).toContain('SEARCH images USING PRIMARY KEY (dataset_id=? AND position=?)');
      expect(plan.filter((step) => step.includes(index))).toHaveLength(1);
      expect(plan.filter((step) => /SCAN images|B-TREE/.test(step))).toEqual([]);
      const count = planOf(room, totalSql(id, filter)).join('\n');
      expect(count).toMatch(/^SEARCH image_counts USING PRIMARY KEY/);
    }
    expect(planOf(room, pageSql(id, {}))).toEqual([
      'SEARCH images USING PRIMARY KEY (dataset_id=? AND position>?)',
    ]);
    expect(planOf(room, positionsSql(id, { search: 'x' }))).toEqual([
      'SEARCH images USING PRIMARY KEY (dataset_id=?)',
    ]);
    const page = (filter: ImageFilter, offset: number) => {
      const { total, images } = room.datasets.gallery(id, filter, { offset, limit: 2 });
      return [total, ...images.map((image) => image.position)];
    };
    expect(page({}, 49_998)).toEqual([N, 49_998, 49_999]);
    expect(page({ label: 3 }, 4_998)).toEqual([5_000, 49_983, 49_993]);
    expect(page({ label: 5, split: 'val' }, 4_000)).toEqual([5_000, 40_005, 40_015]);
    expect(page({ state: 'unreadable' }, 48)).toEqual([50, 48_007, 49_007]);
    expect(page({ state: 'excluded' }, 0)).toEqual([2, 41_000, 42_000]);
    expect(page({ search: 'img_4999' }, 9)).toEqual([11, 49_998, 49_999]);
    expect(page({ search: 'img_1', label: 9 }, 1_000)).toEqual([1_111, 18_899, 18_909]);
    expect(room.datasets.get(id).excluded).toBe(2);
  });
});

describe('where an image lies', () => {
  const path = (...parts: string[]): string => parts.join(sep);
  it.each([
    [path('', 'data', 'x'), path('', 'data', 'x', 'a b', 'c.png'), 'a b/c.png'],
    [path('', 'data', 'list.csv'), path('', 'data', 'img', 'c.png'), 'img/c.png'],
    [path('', 'data', 'x'), path('', 'data', 'xy', 'c.png'), 'xy/c.png'],
    [path('', 'data', 'x'), path('', 'elsewhere', 'c.png'), '/elsewhere/c.png'],
    [path('', ''), path('', 'c.png'), 'c.png'],
  ])('below %s, %s is %s', (source, file, below) => {
    expect(fileBelow([source], file)).toBe(below);
  });
});
