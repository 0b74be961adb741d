import { describe, expect, it } from 'vitest';
import { aliveBytes, breadthFirst, type MadeValue } from '../../../main/graph/liveness.ts';

const made = (key: string, bytes: number, ...reads: string[]): MadeValue<string> => ({
  key,
  bytes,
  reads,
});

describe('the bytes that are alive', () => {
  it('are those of values that are made and still read', () => {
    // a is read by c, b by c and d.
    const schedule = [made('a', 1), made('b', 2), made('c', 4, 'a', 'b'), made('d', 8, 'c', 'b')];
    expect(aliveBytes(schedule)).toEqual([1, 3, 7, 14]);
    expect(aliveBytes([...schedule, made('e', 16, 'd')])).toEqual([1, 3, 7, 14, 24]);
  });

  it('are only for one moment those of what nobody reads, unless it is kept', () => {
    const schedule = [made('lost', 1), made('result', 2), made('next', 4)];
    expect(aliveBytes(schedule)).toEqual([1, 2, 4]);
    expect(aliveBytes(schedule, new Set(['result']))).toEqual([1, 2, 6]);
  });

  it('do not count what is there from the start', () => {
    expect(aliveBytes([made('y', 2, 'weight'), made('z', 3, 'y', 'weight')])).toEqual([2, 5]);
  });

  it('are none of nothing', () => {
    expect(aliveBytes([])).toEqual([]);
  });
});

describe('breadth first', () => {
  it('makes what is ready before what becomes ready by it', () => {
    const chain = [made('a', 1), made('b', 1, 'a'), made('c', 1, 'b'), made('other', 1)];
    expect(breadthFirst(chain).map(({ key }) => key)).toEqual(['a', 'other', 'b', 'c']);
  });

  it('waits for all that is read, each read once', () => {
    const values = [
      ...[made('x', 1, 'input', 'input'), made('y', 1), made('z', 1, 'y')],
      ...[made('sum', 1, 'x', 'x', 'z'), made('late', 1, 'sum')],
    ];
    expect(breadthFirst(values).map(({ key }) => key)).toEqual(['x', 'y', 'z', 'sum', 'late']);
  });
});
