import { describe, expect, it } from 'vitest';
import * as g from '../../../main/graph/operations.ts';
import { staticShape } from '../../../main/graph/tensor.ts';
import type { Program } from '../../../main/graph/program.ts';
import { openRuntime } from '../../../main/engine/runtime/open-runtime.ts';
import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import { erf } from '../graph/reference.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';
import { HAS_KERNELS, kernelCalls } from './programs.ts';

/** Layer normalisation and GELU, plain and of sums with a row and a scalar, and their gradients. */
function rowProgram(rows: number, width: number, matmulPrecision: MatmulPrecision): Program {
  const x = g.input('x', [rows, width]);
  const dy = g.input('dy', [rows, width]);
  const weight = g.input('weight', [width]);
  const bias = g.input('bias', [width]);
  const one = g.input('one', [1, 1]);
  const sum = g.add(g.add(x, bias), one);
  const outputs = {
    norm: g.layerNorm(x, weight, bias, 1e-6),
    normGradient: g.layerNormGradient(x, weight, dy, 1e-6),
    gelu: g.gelu(x),
    geluOfSum: g.gelu(sum),
    geluOfTwo: g.gelu(g.add(x, dy)),
    geluOfNumber: g.gelu(g.add(x, one)),
    geluGradient: g.geluGradient(x, dy),
    geluGradientOfSum: g.geluGradient(sum, dy),
  };
  const all = { inputs: [x, dy, weight, bias, one], outputs, updates: [], matmulPrecision };
  return { variables: [], functions: { all } };
}

const OUTPUTS = Object.keys(rowProgram(1, 1, 'high').functions['all']?.outputs ?? {});
type Name = 'x' | 'dy' | 'weight' | 'bias' | 'one';

const calls = (rows: number, width: number, precision: MatmulPrecision): number =>
  kernelCalls(rowProgram(rows, width, precision));

describe('the lowering of what goes row by row', () => {
  it('calls the kernels for what is large', () => {
    expect(calls(128, 192, 'high')).toBe(OUTPUTS.length);
    expect(calls(128, 192, 'highest')).toBe(0);
    expect(calls(8, 192, 'high')).toBe(0);
  });
});

describe.runIf(HAS_KERNELS)('row by row in the kernels', () => {
  type Values = Record<Name, Float32Array>;

  async function run(
    [rows, width]: readonly [number, number],
    precision: MatmulPrecision,
  ): Promise<{ given: Values; found: Record<string, Float32Array> }> {
    const program = rowProgram(rows, width, precision);
    const session = (await openRuntime()).open(program);
    const shapes = program.functions['all']?.inputs ?? [];
    const drawn = randomTensors(
      new Map(shapes.map((i) => [i.attributes.name, staticShape(i.shape)])),
      7,
      2,
    );
    const given = Object.fromEntries(drawn) as Values;
    try {
      return { given, found: await session.run('all', given) };
    } finally {
      await session.dispose();
    }
  }

  it.each([
    [[197, 192]],
    [[1001, 768]],
    [[3000, 19]],
    // Fewer rows than a thread's chunk, and a width below that of a register.
    [[3, 8000]],
    [[5000, 7]],
  ] as const)('comes to what XLA makes: %j', async (size) => {
    const high = await run(size, 'high');
    const highest = await run(size, 'highest');
    for (const name of OUTPUTS) {
      const expected = highest.found[name] ?? new Float32Array();
      const most = expected.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
      expect(distance(high.found[name] ?? [], expected) / most, name).toBeLessThan(4e-6);
    }
    expect((await run(size, 'high')).found).toEqual(high.found);
  });

  it('keeps the digits of small results of GELU', async () => {
    const { given, found } = await run([197, 192], 'high');
    found['gelu']?.forEach((y, i) => {
      const x = given.x[i] ?? NaN;
      const expected = (x * (1 + erf(x * Math.SQRT1_2))) / 2;
      // Below that, cancellation makes the reference itself inaccurate.
      if (x > -4) expect(Math.abs(y / expected - 1)).toBeLessThan(2e-6);
    });
  });

  it('lets a NaN stay one, and an infinity have its limits', async () => {
    const program = rowProgram(128, 192, 'high');
    const session = (await openRuntime()).open(program);
    const x = new Float32Array(128 * 192);
    x.set([NaN, Infinity, -1e30], 192);
    const zeros = (count: number): Float32Array => new Float32Array(count);
    try {
      const { gelu = zeros(0), norm = zeros(0) } = await session.run('all', {
        ...{ x, dy: zeros(x.length), weight: zeros(192), bias: zeros(192), one: zeros(1) },
      });
      expect(gelu.slice(191, 196)).toEqual(Float32Array.of(0, NaN, Infinity, -0, 0));
      expect(norm.slice(0, 192)).toEqual(zeros(192));
      expect(norm.slice(192, 384).every(Number.isNaN)).toBe(true);
    } finally {
      await session.dispose();
    }
  });
});
