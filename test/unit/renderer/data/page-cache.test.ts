import { describe, expect, it } from 'vitest';
import { PageCache } from '../../../../renderer/views/dataset/page-cache.ts';

describe('the cache of pages', () => {
  it('asks for each page once, and for those at both ends of what is in sight', () => {
    const cache = new PageCache<string>(10);
    expect(cache.missing(5, 20)).toEqual([0, 1, 2]);
    expect(cache.missing(15, 31)).toEqual([3]);
    expect(cache.missing(0, 39)).toEqual([]);
  });

  it('gives one page after the other where several must not be asked for at once', () => {
    const cache = new PageCache<string>(10);
    expect([0, 1, 2].map(() => cache.nextMissing(5, 20))).toEqual([0, 1, 2]);
    expect(cache.nextMissing(5, 20)).toBeNull();
    expect(cache.nextMissing(500, 520)).toBe(50);
    expect(cache.nextMissing(-10, 9)).toBeNull();
    cache.failed(1);
    expect(cache.nextMissing(5, 20)).toBe(1);
  });

  it('knows places only of pages that have come', () => {
    const cache = new PageCache<string>(2);
    cache.put(1, ['c', 'd']);
    expect([0, 1, 2, 3, 4].map((index) => cache.at(index))).toEqual([null, null, 'c', 'd', null]);
  });

  it('has nothing after the end of a page that is not full', () => {
    const cache = new PageCache<string>(3);
    cache.put(0, ['a']);
    expect(cache.at(1)).toBeNull();
  });

  it('asks again for a page that failed, and never for one before the first', () => {
    const cache = new PageCache<string>(10);
    expect(cache.missing(-10, 9)).toEqual([0]);
    cache.failed(0);
    expect(cache.missing(0, 9)).toEqual([0]);
  });
});
