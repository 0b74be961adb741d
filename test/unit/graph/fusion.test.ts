import { describe, expect, it } from 'vitest';
import { computationsOf } from '../../../main/backends/tensorflow/fusion.ts';
import { functionMemory } from '../../../main/backends/tensorflow/memory.ts';
import * as g from '../../../main/graph/operations.ts';
import type { ProgramFunction } from '../../../main/graph/program.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';

const returning = (y: Tensor, rest: Partial<ProgramFunction> = {}): ProgramFunction => ({
  inputs: [],
  outputs: { y },
  updates: [],
  ...rest,
});
/** `operation(operands read)` of each value that is materialised in memory. */
function found(fn: ProgramFunction, kernels = false): string[] {
  return computationsOf(fn, kernels).list.map(({ key, reads }) => {
    const names = [...reads].map((read) =>
      'name' in read.attributes ? String(read.attributes.name) : read.op,
    );
    return `${key.op}(${names.sort().join()})`;
  });
}
const x = g.input('x', [64, 32]);
const w = g.variable('w', [32, 32]);
const bias = g.variable('bias', [32]);

describe('what XLA makes one loop of', () => {
  it('is a chain of element-wise operations, reshaped in between or not', () => {
    const flat = g.reshape(g.add(g.neg(x), bias), [64 * 32]);
    expect(found(returning(g.mul(flat, flat)))).toEqual(['mul(bias,x)']);
  });

  it('is what each reader makes anew, unless that takes long', () => {
    const [cheap, costly] = [g.add(x, bias), g.tanh(x)];
    const twice = (t: Tensor): Tensor => g.add(g.sum(g.neg(t), [1]), g.sum(g.mul(t, t), [1]));
    expect(found(returning(twice(cheap)))).toEqual([
      ...['neg(bias,x)', 'sum(neg)', 'mul(bias,x)', 'sum(mul)', 'add(sum,sum)'],
    ]);
    expect(found(returning(twice(costly)))[0]).toBe('tanh(x)');
  });

  it('ends where a product reads from memory', () => {
    const y = g.matmul(g.reshape(g.neg(x), [32, 64]), g.add(x, bias));
    expect(found(returning(g.exp(y)))).toEqual([
      'neg(x)',
      'add(bias,x)',
      'matmul(add,neg)',
      'exp(matmul)',
    ]);
  });

  it('reads the sum that a product needs in memory, and of one with a row what it is made of', () => {
    const residual = g.add(x, g.input('z', [64, 32]));
    const biased = g.add(x, bias);
    for (const [sum, reads] of [
      [residual, 'add,matmul'],
      [biased, 'bias,matmul,x'],
    ] as const)
      expect(found(returning(g.mul(g.matmul(sum, w), sum))).at(-1)).toBe(`mul(${reads})`);
  });

  it('leaves padded values whole', () => {
    const halves = [0, 32].map((begin) =>
      g.pad(g.slice(x, [begin, 0], [32, 32]), [begin, 0], [32 - begin, 0]),
    ) as [Tensor, Tensor];
    expect(found(returning(g.neg(g.add(...halves))))).toEqual(['pad(x)', 'pad(x)', 'neg(pad,pad)']);
  });

  it('holds a call of a kernel, which is handed the parts of a sum with a bias', () => {
    const large = g.input('large', [1024, 32]);
    const hidden = g.matmul(large, w);
    const y = returning(g.gelu(g.add(hidden, bias)), { matmulPrecision: 'high' });
    expect(found(y, true)).toEqual(['matmul(large,w)', 'gelu(bias,matmul)']);
    expect(found({ ...y, matmulPrecision: 'highest' }, true)).toEqual(found(y));
    expect(found(y)).not.toContain('gelu(bias,matmul)');
  });
});

describe('the memory of a function', () => {
  it('is that of the values at the moment when they are most', () => {
    // Both first products are computable immediately.
    const [a, b] = [g.matmul(x, w), g.matmul(g.input('z', [64, 32]), w)];
    const y = g.sum(g.mul(g.matmul(a, w), b), [0, 1]);
    // First a, b and a · w are alive, then b, a · w and their product.
    expect(functionMemory(returning(y), false)).toEqual({
      values: 3 * 64 * 32 * 4,
      scratch: 0,
      computations: 5,
    });
  });

  it('has no place for updates, which are written where the variable is', () => {
    const update = { variable: w, value: g.add(w, w) };
    const { values } = functionMemory(returning(g.scalar(1), { updates: [update] }), false);
    expect(values).toBe(0);
  });

  it('counts what a sum reads, since that is in memory', () => {
    expect(functionMemory(returning(g.sumAll(g.mul(x, x))), false).values).toBe(64 * 32 * 4 + 4);
  });

  it('is with kernels also what they pack, in whole panels', () => {
    const [left, right] = [g.input('left', [512, 100]), g.input('right', [100, 40])];
    const fn = returning(g.matmul(left, right), { matmulPrecision: 'high' });
    expect(functionMemory(fn, true).scratch).toBe(64 * 100 * 4);
    expect(functionMemory(fn, false).scratch).toBe(0);
    // Deep and small: threads split the depth.
    const deep = g.matmul(g.input('a', [64, 2048]), g.input('b', [2048, 64]));
    expect(functionMemory(returning(deep, { matmulPrecision: 'high' }), true).scratch).toBe(0);
  });
});
