import { describe, expect, it } from 'vitest';
import { editDistance, nearMiss } from '../../../main/cli/output/near-miss.ts';

describe('near misses', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['trian', 'train', 1],
    ['abc', 'abc', 0],
  ])('is %s to %s in %d edits', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it('finds the nearest and keeps quiet about strangers', () => {
    const names = ['karst.rank', 'karst.alpha', 'seed'];
    expect(nearMiss('karst.rnak', names)).toBe('karst.rank');
    expect(nearMiss('Seeds', names)).toBe('seed');
    expect(nearMiss('flip', names)).toBeNull();
    // Two edits in a four-letter word are not a near miss.
    expect(nearMiss('sled', ['said'])).toBeNull();
  });
});
