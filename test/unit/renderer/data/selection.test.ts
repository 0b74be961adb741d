import { describe, expect, it } from 'vitest';
import {
  allOf,
  clicked,
  movedTo,
  NO_SELECTION,
  type Selection,
} from '../../../../renderer/views/dataset/selection.ts';

const PLAIN = { shift: false, add: false };
const SHIFT = { shift: true, add: false };
const ADD = { shift: false, add: true };
const chosen = (selection: Selection): number[] => [...selection.chosen].sort((a, b) => a - b);

describe('a selection', () => {
  it('is one place after a click, whatever was selected', () => {
    expect(chosen(clicked(allOf(9), 4, PLAIN))).toEqual([4]);
  });

  it('extends from where it began, in both directions, and shrinks again', () => {
    const begun = clicked(NO_SELECTION, 5, PLAIN);
    const down = clicked(begun, 8, SHIFT);
    expect(chosen(down)).toEqual([5, 6, 7, 8]);
    expect(chosen(clicked(down, 3, SHIFT))).toEqual([3, 4, 5]);
    expect(chosen(clicked(down, 6, SHIFT))).toEqual([5, 6]);
  });

  it('takes single places in and out, and extends from the last of them', () => {
    const two = clicked(clicked(NO_SELECTION, 1, ADD), 4, ADD);
    expect(chosen(two)).toEqual([1, 4]);
    expect(chosen(clicked(two, 1, ADD))).toEqual([4]);
    expect(chosen(clicked(two, 6, SHIFT))).toEqual([4, 5, 6]);
  });

  it('leaves the one that it was made from as it is', () => {
    const before = clicked(NO_SELECTION, 1, PLAIN);
    clicked(before, 2, ADD);
    expect(chosen(before)).toEqual([1]);
    expect(chosen(NO_SELECTION)).toEqual([]);
  });

  it('can be everything', () => {
    expect(chosen(allOf(3))).toEqual([0, 1, 2]);
    expect(chosen(allOf(0))).toEqual([]);
  });
});

describe('an arrow in a grid', () => {
  // 0 1 2 3
  // 4 5 6 7
  // 8 9
  const from = (index: number, key: string): number | null => movedTo(key, index, 4, 10);

  it('moves by one and by a row', () => {
    expect(from(5, 'ArrowLeft')).toBe(4);
    expect(from(5, 'ArrowRight')).toBe(6);
    expect(from(5, 'ArrowUp')).toBe(1);
    expect(from(5, 'ArrowDown')).toBe(9);
  });

  it('goes on to the next row at the end of one, and stays at the edges', () => {
    expect(from(3, 'ArrowRight')).toBe(4);
    expect(from(0, 'ArrowLeft')).toBe(0);
    expect(from(9, 'ArrowRight')).toBe(9);
    expect(from(2, 'ArrowUp')).toBe(2);
    expect(from(6, 'ArrowDown')).toBe(6);
  });

  it('knows both ends, and no other key', () => {
    expect(from(5, 'Home')).toBe(0);
    expect(from(5, 'End')).toBe(9);
    expect(from(5, 'x')).toBeNull();
    expect(movedTo('End', 0, 4, 0)).toBeNull();
  });
});
