import { afterAll, describe, expect, it } from 'vitest';
import * as g from '../../../main/graph/operations.ts';
import type { Program } from '../../../main/graph/program.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { sizeOf, type StaticShape } from '../../../main/graph/tensor.ts';
import { openRuntime } from '../../../main/engine/runtime/open-runtime.ts';
import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import { HAS_KERNELS } from './programs.ts';

/** Attention and its gradient for a qkv of that shape. */
function attentionProgram(shape: StaticShape, matmulPrecision: MatmulPrecision): Program {
  const qkv = g.input('qkv', shape);
  const y = g.packedAttention(qkv);
  const dy = g.input('dy', y.shape);
  const dqkv = g.packedAttentionGradient(qkv, dy);
  const attend = { inputs: [qkv, dy], outputs: { y, dqkv }, updates: [], matmulPrecision };
  return { variables: [], functions: { attend } };
}

/** Number of attention kernel calls in the lowered program. */
function calls(program: Program, kernels: boolean): number {
  const nodes = lowerProgram(program, { kernels }).functions[0]?.nodeDef ?? [];
  const targets = nodes.map(({ attr }) => attr['call_target_name']?.s ?? new Uint8Array());
  return targets.filter((name) => new TextDecoder().decode(name).includes('attention')).length;
}

const IMAGES: StaticShape = [2, 197, 3, 3, 64];

describe('the lowering of attention', () => {
  it('calls the kernels where that is asked for and can be had', () => {
    expect(calls(attentionProgram(IMAGES, 'high'), true)).toBe(2);
    expect(calls(attentionProgram(IMAGES, 'high'), false)).toBe(0);
    expect(calls(attentionProgram(IMAGES, 'highest'), true)).toBe(0);
  });

  it.each<[string, StaticShape]>([
    ['narrow heads', [4, 197, 3, 12, 16]],
    ['few tokens', [64, 10, 3, 12, 64]],
    ['little work', [1, 50, 3, 3, 64]],
  ])('leaves %s to XLA', (_, shape) => {
    expect(calls(attentionProgram(shape, 'high'), true)).toBe(0);
  });
});

function random(shape: StaticShape, seed: number, deviation: number): Float32Array {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  };
  // The sum of three uniform numbers with a variance of 1/3 each.
  return Float32Array.from(
    { length: sizeOf(shape) },
    () => deviation * (uniform() + uniform() + uniform()),
  );
}

describe.runIf(HAS_KERNELS)('attention in the kernels', () => {
  const disposals: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const dispose of disposals) await dispose();
  });

  async function attend(
    shape: StaticShape,
    precision: MatmulPrecision,
    deviation: number,
  ): Promise<Record<string, Float32Array>> {
    const session = (await openRuntime()).open(attentionProgram(shape, precision));
    disposals.push(() => session.dispose());
    const [batch = 0, tokens = 0, , heads = 0, width = 0] = shape;
    const dy = random([batch, tokens, heads, width], 2, 1);
    return session.run('attend', { qkv: random(shape, 1, deviation), dy });
  }

  const greatest = (values: Float32Array): number =>
    values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

  it.each<[string, StaticShape, number]>([
    ['of ViT-Tiny', IMAGES, 1],
    ['of one image', [1, 197, 3, 12, 64], 1],
    ['of nothing that is a multiple of the tiles', [3, 67, 3, 5, 40], 1],
    ['of tokens that fill whole tiles', [4, 96, 3, 2, 32], 1],
    ['of scores that leave one key', [2, 80, 3, 3, 64], 6],
    ['of scores that are nearly equal', [2, 80, 3, 3, 64], 1e-3],
  ])('comes to what float32 does: that %s', async (_, shape, deviation) => {
    const high = await attend(shape, 'high', deviation);
    const highest = await attend(shape, 'highest', deviation);
    for (const name of ['y', 'dqkv']) {
      const expected = highest[name] ?? new Float32Array();
      const error = expected.map((x, i) => x - (high[name]?.[i] ?? NaN));
      // A score error of 2⁻¹⁶ of its magnitude becomes the relative error of its weight.
      const tolerance = deviation > 1 ? 1e-3 : 3e-5;
      expect(greatest(error) / greatest(expected), name).toBeLessThan(tolerance);
      expect(high[name]?.every(Number.isFinite)).toBe(true);
    }
  });

  it('does not hide what is not a number', async () => {
    const session = (await openRuntime()).open(attentionProgram(IMAGES, 'high'));
    disposals.push(() => session.dispose());
    const qkv = random(IMAGES, 1, 1);
    // Element of the query in the first head of the first token.
    qkv[5] = NaN;
    const dy = random([2, 197, 3, 64], 2, 1);
    const { y, dqkv } = await session.run('attend', { qkv, dy });
    expect(y?.subarray(0, 64).every(Number.isNaN)).toBe(true);
    expect(y?.subarray(64).every(Number.isFinite)).toBe(true);
    expect(dqkv?.some(Number.isNaN)).toBe(true);
  });

  it('comes to the same bits every time', async () => {
    const first = await attend(IMAGES, 'high', 1);
    expect(await attend(IMAGES, 'high', 1)).toEqual(first);
  });
});
