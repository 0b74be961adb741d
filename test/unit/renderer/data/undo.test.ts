import { describe, expect, it } from 'vitest';
import type { GalleryImage } from '../../../../shared/contract/window/datasets.ts';
import { reversalsOf } from '../../../../renderer/domain/image-change.ts';

function image(position: number, values: Partial<GalleryImage> = {}): GalleryImage {
  return {
    position,
    media: `d.x.${position}`,
    file: `a/${position}.png`,
    width: 8,
    height: 8,
    bytes: 100,
    label: 0,
    split: 'train',
    state: 'ok',
    excluded: false,
    reason: null,
    ...values,
  };
}

describe('what takes a change back', () => {
  it('is one call where all were the same before', () => {
    expect(reversalsOf([image(3), image(7)], { excluded: true })).toEqual([
      { positions: [3, 7], change: { excluded: false } },
    ]);
  });

  it('is one call for each value that there was', () => {
    const images = [image(1, { label: 2 }), image(2), image(3, { label: 2 })];
    expect(reversalsOf(images, { label: 5 })).toEqual([
      { positions: [1, 3], change: { label: 2 } },
      { positions: [2], change: { label: 0 } },
    ]);
  });

  it('brings back all that was changed, and nothing else', () => {
    const images = [image(1, { split: 'val', excluded: true, label: 1 })];
    expect(reversalsOf(images, { split: 'test', label: 0 })).toEqual([
      { positions: [1], change: { split: 'val', label: 1 } },
    ]);
  });

  it('is nothing where nothing was changed', () => {
    expect(reversalsOf([], { label: 1 })).toEqual([]);
  });
});
