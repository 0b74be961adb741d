import { describe, expect, it } from 'vitest';
import * as g from '../../../main/graph/operations.ts';
import type { Program } from '../../../main/graph/program.ts';
import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import { distance } from '../engine/random-tensors.ts';
import { HAS_KERNELS, kernelCalls, runProgram } from './programs.ts';

interface Sizes {
  readonly rows: number;
  readonly l: number;
  readonly m: number;
  readonly kernels: number;
  readonly rank: number;
}

/** x mixed by C, and the gradient of C with the result as the incoming gradient. */
function mixProgram({ rows, l, m, kernels, rank }: Sizes, precision: MatmulPrecision): Program {
  const x = g.input('x', [rows, m, kernels, rank]);
  const c = g.input('c', [kernels, l, m]);
  const y = g.mix(x, c);
  const outputs = { y, gradient: g.mixGradient(y, x) };
  const both = { inputs: [x, c], outputs, updates: [], matmulPrecision: precision };
  return { variables: [], functions: { both } };
}

const BASE: Sizes = { rows: 1576, l: 8, m: 8, kernels: 8, rank: 8 };
const calls = (s: Sizes, precision: MatmulPrecision): number =>
  kernelCalls(mixProgram(s, precision));

describe('the lowering of mixing', () => {
  it('calls the kernels for many rows', () => {
    expect(calls(BASE, 'high')).toBe(2);
    expect(calls(BASE, 'highest')).toBe(0);
    expect(calls({ ...BASE, rows: 8 }, 'high')).toBe(0);
  });
});

describe.runIf(HAS_KERNELS)('mixing in the kernels', () => {
  const run = async (s: Sizes, precision: MatmulPrecision) =>
    (await runProgram(mixProgram(s, precision), 5)).found;

  it.each<[string, Sizes]>([
    ['of ViT-Base', BASE],
    ['of sides that fill no register', { rows: 1001, l: 5, m: 7, kernels: 3, rank: 3 }],
    ['of one kernel of rank one', { rows: 4097, l: 2, m: 12, kernels: 1, rank: 1 }],
  ])('comes to what XLA makes: that %s', async (_, s) => {
    const high = await run(s, 'high');
    const highest = await run(s, 'highest');
    for (const name of ['y', 'gradient']) {
      const expected = highest[name] ?? new Float32Array();
      const size = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(distance(high[name] ?? [], expected) / size, name).toBeLessThan(4e-6);
    }
    expect(await run(s, 'high')).toEqual(high);
  });
});
