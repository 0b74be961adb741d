import { describe, expect, it } from 'vitest';
import { scaled, Tally } from '../../fixtures/faults/tally.ts';

describe('Tally', () => {
  it('names what was tried too seldom, what was never tried included', () => {
    const tally = new Tally({ png: 2, jpeg: 1, gif: 1 });
    tally.count('png');
    tally.count('jpeg', 3);
    expect(tally.shortfalls()).toEqual(['png: 1 of at least 2', 'gif: 0 of at least 1']);
    tally.count('png');
    tally.count('gif');
    expect(tally.shortfalls()).toEqual([]);
    expect([tally.total, tally.of('jpeg')]).toEqual([6, 3]);
  });

  it('shows all counts and their sum', () => {
    const tally = new Tally({ png: 1 });
    tally.count('png', 20);
    expect(tally.table('reader').split('\n')).toEqual([
      '| reader | tried |',
      '| ------ | ----: |',
      '| png    |    20 |',
      '| all    |    20 |',
    ]);
  });
});

describe('scaled', () => {
  it('follows the minutes, rounded up, and is never nothing', () => {
    expect([10, 5, 0.1, 0.0001, 20].map((minutes) => scaled(40, minutes))).toEqual([
      40, 20, 1, 1, 80,
    ]);
  });
});
