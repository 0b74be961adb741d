import { describe, expect, it } from 'vitest';
import { nameOfPath } from '../../../shared/domain/name-of-path.ts';
import { freeName } from '../../../shared/domain/free-name.ts';

describe('the name that a dataset is offered', () => {
  it.each([
    ['/home/ann/Leaves 2024', 'Leaves 2024'],
    ['/home/ann/leaves/', 'leaves'],
    ['C:\\Users\\Ann\\Blätter', 'Blätter'],
    ['/data/list.csv', 'list'],
    ['/data/LIST.JSONL', 'LIST'],
    ['/data/archive.v2', 'archive.v2'],
    ['/', ''],
  ])('of %s is %j', (path, name) => {
    expect(nameOfPath(path)).toBe(name);
  });

  it('is counted up where it is taken, whatever the case', () => {
    expect(freeName('leaves', [])).toBe('leaves');
    expect(freeName('leaves', ['Leaves', 'leaves 2', 'leaves 4'])).toBe('leaves 3');
    expect(freeName('leaves', ['leaves'], '-')).toBe('leaves-2');
  });
});
