import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradients } from '../../../main/graph/differentiate.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Session } from '../../../main/backends/session.ts';
import type { Program, ProgramFunction, Values } from '../../../main/graph/program.ts';
import type { OpName } from '../../../main/graph/registry.ts';
import { loadTensorFlow, openNativeSession } from '../../../main/engine/runtime/tensorflow.ts';
import { casesOf, distance } from './cases.ts';
import { ROWS } from './operation-rows.ts';
import { randomGraph } from './random-graphs.ts';
import { readOne, writeOne } from '../../fixtures/engine/variables.ts';

/**
 * Compares the XLA-compiled lowering with the interpreter on tfjs's CPU backend, which
 * operations.test.ts checks against the reference, and also the interpreter on the native backend,
 * operation by operation.
 */

/** Related cases combined into one function, because compilation dominates the test time. */
interface Batch {
  readonly fn: ProgramFunction;
  readonly program: Program;
  readonly given: Readonly<Record<string, Values>>;
}

const OPS = Object.keys(ROWS) as OpName[];
const GRAPHS = [1000, 1001, 1002, 1003];

/** Lowered by the same function for all ranks: every third variant is enough for the compiler. */
const ALIKE = new Set<OpName>([
  ...(['sub', 'mul', 'maximum', 'minimum', 'greaterEqual'] as const),
  ...(['neg', 'exp', 'log', 'sqrt', 'rsqrt', 'erf'] as const),
]);

// float32 against float32 with a different summation order and erf (tfjs's is accurate to 1.5e-7).
const TOLERANCE = 3e-5;
// The same, accumulated over a dozen operations.
const DEEP_TOLERANCE = 1e-4;

const batches = new Map<string, Batch>([
  ...OPS.map((op) => [op, operationBatch(op)] as const),
  ...GRAPHS.map((seed) => [`random graph ${String(seed)}`, randomBatch(seed)] as const),
]);
const expected = new Map<string, Record<string, Float32Array>>();

beforeAll(async () => {
  // Before the addon is loaded, which makes its own backend the only one of tfjs.
  await tf.setBackend('cpu');
  for (const [name, batch] of batches)
    expected.set(name, await runBatch(new Interpreter(batch.program), batch));
  // Hundreds of small kernels are compiled to run once, so LLVM optimization would not pay off.
  process.env['XLA_FLAGS'] = '--xla_backend_optimization_level=0';
  loadTensorFlow();
  expect(tf.getBackend()).toBe('tensorflow');
});

function operationBatch(op: OpName): Batch {
  const cases = casesOf(op).filter((_, i) => !ALIKE.has(op) || i % 3 === 0);
  const outputs = cases.flatMap((c, i) => [
    [`result${String(i)}`, c.result] as const,
    ...c.gradients.map((t, j) => [`gradient${String(i)}_${String(j)}`, t] as const),
  ]);
  const inputs = cases.flatMap((c) => c.inputs);
  const fn = { inputs, outputs: Object.fromEntries(outputs), updates: [] };
  const variables = cases.flatMap((c) => c.variables);
  const given = Object.assign({}, ...cases.map((c) => c.given)) as Record<string, Values>;
  return { fn, given, program: { variables, functions: { f: fn } } };
}

function randomBatch(seed: number): Batch {
  const { inputs, given, loss } = randomGraph(seed);
  const outputs = Object.fromEntries(
    [loss, ...gradients(loss, inputs)].map((t, i) => [`output${String(i)}`, t]),
  );
  const fn = { inputs, outputs, updates: [] };
  return { fn, given, program: { variables: [], functions: { f: fn } } };
}

async function runBatch(
  session: Session,
  { fn, program, given }: Batch,
): Promise<Record<string, Float32Array>> {
  for (const { attributes } of program.variables) {
    await writeOne(session, attributes.name, given[attributes.name] as Float32Array);
  }
  const fed = fn.inputs.map(({ attributes: { name } }) => [name, given[name]!] as const);
  const outputs = await session.run('f', Object.fromEntries(fed));
  await session.dispose();
  return outputs;
}

describe.each([...batches])('%s', { timeout: 300_000 }, (name, batch) => {
  const tolerance = OPS.includes(name as OpName) ? TOLERANCE : DEEP_TOLERANCE;

  it('is the same compiled by XLA', async () => {
    expectAgreement(await runBatch(openNativeSession(batch.program), batch));
  });

  it('is the same in native operations one by one', async () => {
    expectAgreement(await runBatch(new Interpreter(batch.program), batch));
  });

  function expectAgreement(outputs: Record<string, Float32Array>): void {
    const wanted = expected.get(name) ?? {};
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(wanted).sort());
    for (const [key, values] of Object.entries(wanted)) {
      expect(distance(outputs[key] ?? [], values), key).toBeLessThan(tolerance);
    }
  }
});

describe('a compiled program', () => {
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

  it('reads everything before it updates anything, in every function over the same variables', async () => {
    for (const session of [openNativeSession(program), new Interpreter(program)]) {
      await writeOne(session, 'a', Float32Array.of(1, 2));
      await writeOne(session, 'b', Float32Array.of(10, 20));
      expect(await session.run('swap', { x: Float32Array.of(100, 200) })).toEqual({
        a: Float32Array.of(1, 2),
        sum: Float32Array.of(111, 222),
      });
      const after = { a: Float32Array.of(10, 20), b: Float32Array.of(101, 202) };
      expect(await session.run('read', {})).toEqual(after);
      expect({ a: await readOne(session, 'a'), b: await readOne(session, 'b') }).toEqual(after);
      await session.run('swap', { x: Float32Array.of(0, 0) });
      expect(await readOne(session, 'a')).toEqual(after.b);
      expect(await readOne(session, 'b')).toEqual(after.a);
      await session.dispose();
    }
  });

  it('holds its variables apart from those of another program', async () => {
    const [one, two] = [openNativeSession(program), openNativeSession(program)];
    await writeOne(one, 'a', Float32Array.of(1, 2));
    await writeOne(two, 'a', Float32Array.of(3, 4));
    expect([...(await readOne(one, 'a')), ...(await readOne(two, 'a'))]).toEqual([1, 2, 3, 4]);
    await one.dispose();
    expect([...(await readOne(two, 'a'))]).toEqual([3, 4]);
    await two.dispose();
  });

  it('hands out zeros where TensorFlow copies them, so that XLA may update them in place', async () => {
    const session = openNativeSession(program);
    const zeros = session.zeros('a');
    expect(zeros).toEqual(new Float32Array(2));
    // Deliberately misaligned: allocations are aligned to 16 bytes or more, and TensorFlow borrows
    // 64-byte-aligned buffers instead of copying them.
    expect(zeros.byteOffset % 16).not.toBe(0);
    await session.dispose();
  });

  it('leaves no tensors behind', async () => {
    const session = openNativeSession(program);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) {
      await writeOne(session, 'a', Float32Array.of(i, i));
      await writeOne(session, 'b', Float32Array.of(i, i));
      await session.run('swap', { x: Float32Array.of(1, 1) });
      await readOne(session, 'b');
      expect(tf.memory().numTensors).toBe(before);
    }
    await session.dispose();
  });

  it('names function and input when a call does not fit', async () => {
    const session = openNativeSession(program);
    await expect(session.run('swap', {})).rejects.toThrow(/"swap".*"x"/);
    await expect(session.run('swap', { x: Float32Array.of(1) })).rejects.toThrow(/"x" of "swap"/);
    await expect(session.run('stop', {})).rejects.toThrow('no function "stop"');
    await expect(writeOne(session, 'a', Float32Array.of(1))).rejects.toThrow('"a"');
    await session.dispose();
  });
});
