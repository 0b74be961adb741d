import { describe, expect, it } from 'vitest';
import { compareListing } from '../../../main/host/services/datasets/growth/compare.ts';
import {
  placeNewcomers,
  type NewcomerImage,
  type PlacedImage,
} from '../../../main/host/services/datasets/growth/place.ts';
import type { SourceImage } from '../../../main/host/services/datasets/growth/listed.ts';
import type { Split } from '../../../shared/domain/dataset.ts';

const FIFTH = { val: 0.2, test: 0.1 };

function placed(label: number, split: Split, n: number, of = `${label}${split}`): PlacedImage[] {
  return Array.from({ length: n }, (_, i) => ({
    ...{ label, split, sha256: `${of}${i}`, counts: true },
  }));
}

function newcomers(label: number, n: number, given: Split | null = null): NewcomerImage[] {
  return Array.from({ length: n }, (_, i) => ({ label, sha256: `new ${label} ${i}`, given }));
}

const counted = (splits: readonly Split[]) =>
  (['train', 'val', 'test'] as const).map((split) => splits.filter((s) => s === split).length);

describe('the splits of new images', () => {
  it('keep the fractions of each class, also of a new one', () => {
    const old = [...placed(0, 'train', 70), ...placed(0, 'val', 20), ...placed(0, 'test', 10)];
    const splits = placeNewcomers(old, [...newcomers(0, 50), ...newcomers(1, 10)], FIFTH, 3);
    expect(counted(splits.slice(0, 50))).toEqual([35, 10, 5]);
    expect(counted(splits.slice(50))).toEqual([7, 2, 1]);
  });

  it('come to the fractions when images are added one by one', () => {
    const all: PlacedImage[] = [];
    for (let i = 0; i < 40; i++) {
      const one = { label: 0, sha256: `${i}`, given: null };
      const [split = 'train'] = placeNewcomers(all, [one], FIFTH, 0);
      all.push({ ...one, split, counts: true });
    }
    expect(counted(all.map(({ split }) => split))).toEqual([28, 8, 4]);
  });

  it('do not make up for what was moved by hand', () => {
    const splits = placeNewcomers(placed(0, 'train', 100), newcomers(0, 10), FIFTH, 0);
    expect(counted(splits)).toEqual([7, 2, 1]);
    const held = placeNewcomers(placed(0, 'val', 100), newcomers(0, 10), FIFTH, 0);
    expect(counted(held)).toEqual([9, 0, 1]);
  });

  it('are those of their copies, whatever their source says', () => {
    const old: PlacedImage[] = [
      { label: 0, sha256: 'a', split: 'val', counts: true },
      { label: 0, sha256: 'b', split: 'test', counts: false },
    ];
    const splits = placeNewcomers(
      old,
      [
        { label: 0, sha256: 'a', given: null },
        { label: 1, sha256: 'b', given: 'train' },
        { label: 1, sha256: 'c', given: null },
        { label: 0, sha256: 'c', given: 'test' },
        { label: 1, sha256: 'd', given: null },
        { label: 1, sha256: 'd', given: null },
      ],
      { val: 0.5, test: 0 },
      0,
    );
    expect(splits.slice(0, 4)).toEqual(['val', 'test', 'test', 'test']);
    expect(splits[4]).toBe(splits[5]);
  });

  it('depend on the seed and the bytes alone, and leave each class something to train on', () => {
    const some = newcomers(0, 30);
    const draw = (seed: number) => placeNewcomers([], some, FIFTH, seed);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(placeNewcomers([], newcomers(4, 1), { val: 0.9, test: 0 }, 0)).toEqual(['train']);
    expect(placeNewcomers([], newcomers(4, 2), { val: 0.5, test: 0.4 }, 0)).toContain('train');
  });

  it('are found for fifty thousand at once', () => {
    const old = Array.from({ length: 50 }, (_, label) => placed(label, 'train', 1000)).flat();
    const many = Array.from({ length: 50 }, (_, label) => newcomers(label, 1000)).flat();
    expect(counted(placeNewcomers(old, many, FIFTH, 0))).toEqual([35_000, 10_000, 5000]);
  });
});

describe('comparing a listing', () => {
  const listed = (path: string): SourceImage => ({
    ...{ path, split: null, belongs: { kind: 'named', name: 'a' } },
  });

  it('goes by path, and takes one that is named twice twice', () => {
    const stored = ['x', 'y', 'x', 'gone'].map((path, position) => ({ path, position }));
    const found = compareListing(stored, ['new', 'x', 'x', 'x', 'y'].map(listed));
    expect(found.fresh.map(({ path }) => path)).toEqual(['new', 'x']);
    expect(found).toMatchObject({ known: 3, unlisted: [3] });
  });
});
