import { expect, test } from 'vitest';
import { batchesAhead, loadingThreads } from '../../../shared/domain/loading-threads.ts';

const GIB = 2 ** 30;

test.each([
  ['one processor', 1, 8 * GIB, 1],
  ['two processors', 2, 8 * GIB, 1],
  ['four processors', 4, 8 * GIB, 2],
  ['seven processors', 7, 8 * GIB, 3],
  ['sixteen processors', 16, 64 * GIB, 8],
  ['a hundred processors', 100, 64 * GIB, 8],
  ['little memory', 16, 1.6 * GIB, 3],
  ['hardly any memory', 16, 0, 1],
])('%s', (_name, processors, free, threads) => {
  expect(loadingThreads(processors, free)).toBe(threads);
});

test.each([
  ['small batches: sixteen', 2 ** 20, 16],
  ['as many as fit', 50 * 2 ** 20, 5],
  ['large ones: two all the same', GIB, 2],
])('batches are made ahead, of %s', (_name, bytes, batches) => {
  expect(batchesAhead(bytes)).toBe(batches);
});
