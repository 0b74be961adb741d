import { afterAll, describe, expect, it } from 'vitest';
import { WebGpuSession } from '../../../main/backends/webgpu/session.ts';
import { cardNames, openCard } from '../../../main/engine/runtime/graphics-card.ts';
import { GraphError } from '../../../main/graph/graph-error.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Program, ProgramFunction } from '../../../main/graph/program.ts';
import { expectReference, operationBatch } from '../../fixtures/engine/operation-batch.ts';
import { softwareCard } from '../../fixtures/engine/software-card.ts';
import { readOne, writeOne } from '../../fixtures/engine/variables.ts';

/**
 * What a session on a card does, and a few operations: compiling takes seconds for each kernel in
 * software. `test:full -- --only gpu` goes through all of them.
 */
const card = await softwareCard();
afterAll(() => card?.close());

describe.skipIf(card === null)('a session on a software card', { timeout: 300_000 }, () => {
  const a = g.variable('a', [2]);
  const b = g.variable('b', [2]);
  const x = g.input('x', [2]);
  const swap: ProgramFunction = {
    inputs: [x],
    outputs: { a, sum: g.add(g.add(a, b), x) },
    updates: [
      { variable: a, value: b },
      { variable: b, value: g.add(a, x) },
    ],
  };
  const read: ProgramFunction = { inputs: [], outputs: { a, b }, updates: [] };
  const program: Program = { variables: [a, b], functions: { swap, read } };
  const open = (given: Program = program): WebGpuSession => new WebGpuSession(given, card!);

  it('reads everything before it updates anything, in every function over the same variables', async () => {
    const session = open();
    await writeOne(session, 'a', Float32Array.of(1, 2));
    await writeOne(session, 'b', Float32Array.of(10, 20));
    expect(await session.run('swap', { x: Float32Array.of(100, 200) })).toEqual({
      a: Float32Array.of(1, 2),
      sum: Float32Array.of(111, 222),
    });
    const after = { a: Float32Array.of(10, 20), b: Float32Array.of(101, 202) };
    expect(await session.run('read', {})).toEqual(after);
    expect(await readOne(session, 'a')).toEqual(after.a);
    expect(await readOne(session, 'b')).toEqual(after.b);
    await session.dispose();
  });

  it('lets calls take effect in their order, though none is waited for', async () => {
    const session = open();
    await session.write(new Map([a, b].map((v) => [v.attributes.name, new Float32Array(2)])));
    const calls = [1, 2, 3, 4].map((n) => session.run('swap', { x: Float32Array.of(n, n) }));
    const sums = (await Promise.all(calls)).map(({ sum }) => sum?.[0]);
    // a, b = b, a + x, from zeros.
    expect(sums).toEqual([1, 3, 6, 10]);
    await session.dispose();
  });

  it('says which variable, function or input is missing or of another size', async () => {
    const session = open();
    const none = new GraphError('variable "a" was read before it was set');
    await expect(session.run('read', {})).rejects.toThrow(none);
    await expect(readOne(session, 'a')).rejects.toThrow(none);
    await expect(readOne(session, 'c')).rejects.toThrow('the program has no variable "c"');
    await expect(writeOne(session, 'a', new Float32Array(3))).rejects.toThrow(
      'takes 2 values, got 3',
    );
    await expect(session.run('f', {})).rejects.toThrow('the program has no function "f"');
    await expect(session.run('swap', {})).rejects.toThrow('without its input "x"');
    await session.dispose();
  });

  it('carries a number that is not finite through to the results', async () => {
    const y = g.input('y', [600]);
    const outputs = { sum: g.sumAll(g.mul(y, y)), least: g.add(g.sum(y, [0]), g.scalar(1)) };
    const session = open({
      variables: [],
      functions: { f: { inputs: [y], outputs, updates: [] } },
    });
    const values = new Float32Array(600).fill(0.5);
    values[417] = NaN;
    const found = await session.run('f', { y: values });
    expect([found['sum']?.[0], found['least']?.[0]]).toEqual([NaN, NaN]);
    await session.dispose();
  });

  it.each(['add', 'select', 'softmax', 'layerNorm', 'concat'] as const)(
    'computes %s and its gradients',
    async (op) => {
      await expectReference(card!, operationBatch(op), 2e-5);
    },
  );

  it('refuses before the first call what does not fit into the memory', async () => {
    const large = Array.from({ length: 64 }, (_, i) => g.variable(`v${String(i)}`, [2 ** 28 - 1]));
    const session = open({ variables: large, functions: {} });
    await expect(session.write(new Map())).rejects.toMatchObject({
      code: 'out-of-memory',
      message: 'The graphics card does not have the 65536 MiB that this takes.',
    });
  });
});

describe.skipIf(card === null)('the cards of a machine', () => {
  it('are found by name, those in software only on request', async () => {
    const [name = ''] = await cardNames();
    expect(name).toMatch(/SwiftShader|llvmpipe/);
    expect(card!.name).toBe(name);
    await expect(openCard('GeForce 1')).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: `There is no graphics card "GeForce 1" on this machine. There is: ${name}.`,
    });
    process.env['KARST_GPU'] = '';
    expect(await cardNames()).not.toContain(name);
    process.env['KARST_GPU'] = 'software';
  });
});

describe.skipIf(card === null)('a card that goes', () => {
  it('fails every call with its name', async () => {
    const own = await softwareCard();
    const v = g.variable('v', [4]);
    const fn = { inputs: [], outputs: { y: g.neg(v) }, updates: [] };
    const session = new WebGpuSession({ variables: [v], functions: { f: fn } }, own!);
    await writeOne(session, 'v', new Float32Array(4));
    own!.device.destroy();
    await own!.device.lost;
    await expect(session.run('f', {})).rejects.toThrow(`The graphics card ${own!.name} is gone`);
  });
});
