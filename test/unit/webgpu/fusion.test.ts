import { describe, expect, it } from 'vitest';
import { planProgram } from '../../../main/backends/webgpu/plan.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Variable } from '../../../main/graph/ops/variable.ts';
import type { ProgramFunction } from '../../../main/graph/program.ts';
import { sizeOf, staticShape, type Tensor } from '../../../main/graph/tensor.ts';

const x = g.input('x', [64, 32]);
const w = g.variable('w', [48, 32]);
const bias = g.variable('bias', [48]);
const residual = g.input('residual', [64, 48]);

function planOf(y: Tensor, rest: Partial<ProgramFunction> = {}) {
  const fn = { inputs: [x, residual], outputs: { y }, updates: [], ...rest };
  const plan = planProgram({ variables: [w, bias], functions: { f: fn } }, 2 ** 31).functions['f'];
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

/** The calls of a function, and the names of what each binds. */
function calls(y: Tensor): string[] {
  return planOf(y).dispatches.map(
    ({ label, bindings }) =>
      `${label.split(' ')[0] ?? ''}(${bindings.map(({ value }) => value.name).join()})`,
  );
}

const product = g.matmul(x, w, { transposeB: true });

describe('one kernel', () => {
  it('is a product with its bias, activation and residual', () => {
    const y = g.add(residual, g.gelu(g.add(product, bias)));
    expect(calls(y)).toEqual(['matmul(x,w,residual,bias,add)']);
  });

  it('writes what the backward pass needs of it beside what the forward pass goes on with', () => {
    const before = g.add(product, bias);
    const y = g.matmul(g.gelu(before), w);
    expect(calls(g.mul(y, g.matmul(before, w)))).toEqual([
      'matmul(x,w,bias,matmul,gelu)',
      'matmul(gelu,w,matmul)',
      'matmul(matmul,bias,w,matmul,mul)',
    ]);
  });

  it('reads transposed, sliced, padded and repeated operands where they lie', () => {
    const cut = g.pad(g.slice(g.transpose(x, [1, 0]), [4, 0], [28, 64]), [0, 0], [4, 0]);
    const row = g.broadcastTo(g.reshape(bias, [1, 48]), [32, 48]);
    expect(calls(g.mul(g.matmul(cut, residual), row))).toEqual(['matmul(x,residual,bias,mul)']);
  });

  it('is a sum of whatever is computed from one element, and what is computed from the sum', () => {
    const squares = g.sum(g.mul(x, x), [1]);
    expect(calls(g.sqrt(g.add(squares, g.scalar(1))))).toEqual(['sum(x,sqrt)']);
  });

  it('is everything over the same elements, though it has several results', () => {
    const a = g.exp(x);
    const b = g.tanh(a);
    const all = planOf(b, { outputs: { a, b, c: g.mul(a, b) } }).dispatches;
    expect(all.map(({ bindings }) => bindings.length)).toEqual([4]);
  });

  it('does not take in an activation that it would compute for every tile anew', () => {
    expect(calls(g.matmul(g.gelu(x), w, { transposeB: true }))).toEqual([
      'gelu(x,gelu)',
      'matmul(gelu,w,matmul)',
    ]);
  });

  it('binds at most eight buffers', () => {
    const many = Array.from({ length: 20 }, (_, i) => g.input(`x${String(i)}`, [16]));
    const sum = many.reduce<Tensor>((a, b) => g.add(a, b), g.scalar(0));
    const { dispatches } = planOf(sum, { inputs: many });
    expect(Math.max(...dispatches.map(({ bindings }) => bindings.length))).toBeLessThanOrEqual(8);
  });
});

describe('a small product of many terms', () => {
  it('is summed in parts', () => {
    const a = g.input('a', [4096, 24]);
    const labels = planOf(g.matmul(a, a, { transposeA: true }), { inputs: [a] }).dispatches;
    expect(labels.map(({ label }) => label)).toEqual([
      'matmul 16×256×24 16×256×24',
      'sum 16×24×24 to 24×24',
    ]);
  });
});

describe('new values of variables', () => {
  const v: Variable = g.variable('v', [100]);
  const u: Variable = g.variable('u', [100]);
  const plan = (updates: ProgramFunction['updates'], outputs: Record<string, Tensor> = {}) => {
    const fn = { inputs: [], outputs, updates };
    const found = planProgram({ variables: [v, u], functions: { f: fn } }, 2 ** 31).functions['f'];
    return { copies: found?.copies.map(({ variable }) => variable), arenas: found?.arenas.sizes };
  };

  it('are written over the old ones', () => {
    const updates = [{ variable: v, value: g.add(v, u) }];
    expect(plan(updates)).toEqual({ copies: [], arenas: [] });
  });

  it('wait where the old ones are still read', () => {
    const swapped = [
      { variable: v, value: u },
      { variable: u, value: g.neg(v) },
    ];
    expect(plan(swapped).copies).toEqual(['v']);
    const turned = g.reshape(g.transpose(g.reshape(v, [10, 10]), [1, 0]), [100]);
    expect(plan([{ variable: v, value: g.add(v, turned) }]).copies).toEqual(['v']);
    expect(plan([{ variable: v, value: g.neg(v) }], { v }).copies).toEqual(['v']);
  });
});

describe('gradients that are packed into one vector', () => {
  it('are computed where they lie in it', () => {
    const loss = g.sumAll(g.mul(g.add(product, bias), residual));
    const packed = g.concat(
      gradients(loss, [w, bias]).map((d) => g.reshape(d, [sizeOf(staticShape(d.shape))])),
      0,
    );
    const { dispatches, lifetimes } = planOf(packed);
    expect(dispatches.map(({ bindings }) => bindings.at(-1)?.value.name)).toEqual([
      'concat',
      'concat',
    ]);
    expect(lifetimes.map(({ value }) => value.name)).toEqual(['concat']);
  });
});
