import { describe, expect, it } from 'vitest';
import type { KroneckerSizes } from '../../../main/graph/ops/kronecker.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Program } from '../../../main/graph/program.ts';
import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import { distance } from '../engine/random-tensors.ts';
import { HAS_KERNELS, kernelCalls, runProgram } from './programs.ts';

/** W + Σᵢ Cᵢ ⊗ Dᵢ, and the gradients of C and D with W as the incoming gradient. */
function kroneckerProgram(s: KroneckerSizes, matmulPrecision: MatmulPrecision): Program {
  const w = g.input('w', [s.splits * s.l * s.k, s.m * s.n]);
  const c = g.input('c', [s.kernels, s.l, s.m]);
  const d = g.input('d', [s.kernels, s.splits, s.k, s.n]);
  const outputs = { sum: g.addKronecker(w, c, d), gradient: g.kroneckerGradient(w, c, d) };
  const both = { inputs: [w, c, d], outputs, updates: [], matmulPrecision };
  return { variables: [], functions: { both } };
}

const TINY: KroneckerSizes = { kernels: 8, splits: 1, l: 8, k: 96, m: 8, n: 24 };
const calls = (s: KroneckerSizes, precision: MatmulPrecision): number =>
  kernelCalls(kroneckerProgram(s, precision));

describe('the lowering of sums of Kronecker products', () => {
  it('calls the kernels for large weights', () => {
    expect(calls(TINY, 'high')).toBe(2);
    expect(calls(TINY, 'highest')).toBe(0);
    expect(calls({ ...TINY, k: 8 }, 'high')).toBe(0);
  });
});

describe.runIf(HAS_KERNELS)('sums of Kronecker products in the kernels', () => {
  const run = async (s: KroneckerSizes, precision: MatmulPrecision) =>
    (await runProgram(kroneckerProgram(s, precision), 5)).found;

  it.each<[string, KroneckerSizes]>([
    ['of fc2 of ViT-Tiny', TINY],
    ['of the fused qkv', { kernels: 8, splits: 3, l: 8, k: 24, m: 8, n: 24 }],
    ['of more kernels than are taken together', { ...TINY, kernels: 11 }],
    ['of fewer kernels', { ...TINY, kernels: 3 }],
    ['of sides that fill no register', { kernels: 9, splits: 3, l: 5, k: 43, m: 7, n: 19 }],
  ])('come to what XLA makes: those %s', async (_, s) => {
    const high = await run(s, 'high');
    const highest = await run(s, 'highest');
    for (const name of ['sum', 'gradient']) {
      const expected = highest[name] ?? new Float32Array();
      const size = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(distance(high[name] ?? [], expected) / size, name).toBeLessThan(2e-6);
    }
    expect(await run(s, 'high')).toEqual(high);
  });
});
