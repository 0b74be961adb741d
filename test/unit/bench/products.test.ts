import { expect, it } from 'vitest';
import * as g from '../../../main/graph/operations.ts';
import { mainShapes, matrixWork } from '../../bench/matrix-work.ts';
import { fastestOf } from '../../bench/products.ts';

it('takes the fastest product of any library, with its shape', () => {
  const shapes = [
    { rows: 64, columns: 64, depth: 64 },
    { rows: 100, columns: 30, depth: 20 },
  ];
  const found = [
    { ours: [100, 90] },
    { PyTorch: [80, 95], OpenBLAS: [101, 60] },
    { ours: [102, 80] },
  ];
  expect(fastestOf(shapes, found)).toEqual({ ...shapes[0], library: 'ours', gigaflops: 102 });
  expect(fastestOf(shapes, found.slice(0, 2))).toMatchObject({ library: 'OpenBLAS' });
  expect(() => fastestOf(shapes, [])).toThrow('no product was measured');
});

it('finds the shapes that most of the matrix work goes into', () => {
  const x = g.input('x', [4, 8]);
  const heads = g.input('heads', [16, 9, 8]);
  const w = (rows: number, columns: number) => g.variable(`w${String(rows)}`, [rows, columns]);
  const y = g.matmul(x, w(32, 8), { transposeB: true });
  const z = g.matmul(g.matmul(y, w(31, 32), { transposeB: true }), w(2, 31), { transposeB: true });
  const attended = g.sumAll(g.matmul(heads, heads, { transposeB: true }));
  const fn = { inputs: [x, heads], outputs: { z, attended }, updates: [] };
  expect(mainShapes(fn)).toEqual([
    { rows: 4, columns: 31, depth: 32 },
    { rows: 4, columns: 32, depth: 8 },
    { rows: 4, columns: 2, depth: 31 },
  ]);
  // Batched products count as work, though they are not among the shapes.
  const work = 2 * (4 * 31 * 32 + 4 * 32 * 8 + 4 * 2 * 31 + 16 * 9 * 9 * 8);
  expect(matrixWork(fn)).toBe(work);
});
