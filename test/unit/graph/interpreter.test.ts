import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Program, ProgramFunction } from '../../../main/graph/program.ts';
import type { Variable } from '../../../main/graph/ops/variable.ts';
import { GraphError } from '../../../main/graph/graph-error.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';
import { readOne, writeOne } from '../../fixtures/engine/variables.ts';

const a = g.variable('a', [2]);
const b = g.variable('b', [2]);
const x = g.input('x', [2]);
const count = g.input('count', [1], 'int32');

function fn(
  outputs: Record<string, Tensor>,
  { inputs = [], updates = [] }: Partial<Pick<ProgramFunction, 'inputs' | 'updates'>> = {},
): ProgramFunction {
  return { inputs, outputs, updates };
}

function program(
  functions: Record<string, ProgramFunction>,
  variables: readonly Variable[] = [a, b],
): Program {
  return { variables, functions };
}

let before = 0;
let interpreter: Interpreter | undefined;
async function start(p: Program): Promise<Interpreter> {
  interpreter = new Interpreter(p);
  await writeOne(interpreter, 'a', Float32Array.of(1, 2));
  await writeOne(interpreter, 'b', Float32Array.of(10, 20));
  return interpreter;
}
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(async () => {
  await interpreter?.dispose();
  interpreter = undefined;
  expect(tf.memory().numTensors).toBe(before);
});

describe('updates', () => {
  it('happen together, after everything was read', async () => {
    const swap = fn(
      { a, b, sum: g.add(a, b) },
      {
        updates: [
          { variable: a, value: b },
          { variable: b, value: g.add(a, b) },
        ],
      },
    );
    const run = await start(program({ swap }));
    expect(await run.run('swap', {})).toEqual({
      a: Float32Array.of(1, 2),
      b: Float32Array.of(10, 20),
      sum: Float32Array.of(11, 22),
    });
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(10, 20));
    expect(await readOne(run, 'b')).toEqual(Float32Array.of(11, 22));
  });

  it('may set several variables to one value, an input or a constant', async () => {
    const seven = g.constant(Float32Array.of(7, 7), [2]);
    const feed = fn(
      { x },
      {
        inputs: [x],
        updates: [
          { variable: a, value: x },
          { variable: b, value: x },
        ],
      },
    );
    const fill = fn({ seven }, { updates: [{ variable: a, value: seven }] });
    const bump = fn({}, { updates: [{ variable: a, value: g.add(a, g.scalar(1)) }] });
    const run = await start(program({ feed, fill, bump }));
    const values = Float32Array.of(3, 4);
    await run.run('feed', { x: values });
    values.fill(99);
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(3, 4));
    await run.run('bump', {});
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(4, 5));
    expect(await readOne(run, 'b')).toEqual(Float32Array.of(3, 4));
    await run.run('fill', {});
    await run.run('bump', {});
    expect(await run.run('fill', {})).toEqual({ seven: Float32Array.of(7, 7) });
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(7, 7));
  });

  it('do not happen when the call fails', async () => {
    const c = g.variable('c', [2]);
    const step = fn({ sum: g.add(a, c) }, { updates: [{ variable: a, value: b }] });
    const run = await start(program({ step }, [a, b, c]));
    await expect(run.run('step', {})).rejects.toThrow('variable "c" was read before it was set');
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(1, 2));
  });
});

describe('memory', () => {
  it('is flat over calls', async () => {
    const normed = g.layerNorm(g.mul(x, a), a, b, 1e-6);
    const step = fn(
      { normed, loss: g.sumAll(g.gelu(normed)) },
      { inputs: [x], updates: [{ variable: a, value: g.add(a, normed) }] },
    );
    const run = await start(program({ step }));
    const held = tf.memory();
    for (let i = 0; i < 20; i++) {
      await run.run('step', { x: Float32Array.of(i, -i) });
      await readOne(run, 'a');
      await writeOne(run, 'b', Float32Array.of(i, i));
      expect(tf.memory().numTensors).toBe(held.numTensors);
      expect(tf.memory().numBytes).toBe(held.numBytes);
    }
  });

  it('of an intermediate is released at its last use', async () => {
    const wide = g.input('wide', [1000]);
    let t: Tensor = wide;
    for (let i = 0; i < 100; i++) t = g.gelu(t);
    const run = await start(program({ chain: fn({ sum: g.sumAll(t) }, { inputs: [wide] }) }));
    const held = tf.memory().numBytes;
    const profile = await tf.profile(async () => {
      await run.run('chain', { wide: new Float32Array(1000) });
    });
    // A step holds its operand, its result and a few temporaries of 4,000 bytes each; keeping all
    // hundred would take 400,000.
    expect(profile.peakBytes - held).toBeLessThan(8 * 4000);
    expect(tf.memory().numBytes).toBe(held);
  });

  it('is released when a call fails', async () => {
    const c = g.variable('c', [2]);
    const step = fn({ product: g.mul(g.exp(x), c), sum: g.exp(g.add(x, b)) }, { inputs: [x] });
    const run = await start(program({ step }, [a, b, c]));
    const held = tf.memory().numTensors;
    await expect(run.run('step', { x: Float32Array.of(1, 2) })).rejects.toThrow(GraphError);
    expect(tf.memory().numTensors).toBe(held);
  });

  it('of variables outlives a surrounding tidy', async () => {
    const step = fn({ a }, { updates: [{ variable: a, value: g.add(a, g.scalar(1)) }] });
    const run = await start(program({ step }));
    let call: Promise<unknown> = Promise.resolve();
    // The interpreter computes synchronously before it returns its promise, so the tidy scope
    // covers everything.
    tf.tidy(() => {
      call = run.run('step', {});
    });
    await call;
    await run.run('step', {});
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(3, 4));
  });
});

describe('values', () => {
  it('are copies on the way in and out', async () => {
    const run = await start(program({ read: fn({ a }) }));
    const set = Float32Array.of(5, 6);
    await writeOne(run, 'a', set);
    set.fill(0);
    (await readOne(run, 'a')).fill(0);
    (await run.run('read', {}))['a']?.fill(0);
    expect(await readOne(run, 'a')).toEqual(Float32Array.of(5, 6));
  });

  it('are read by name, whichever node of the variable is used', async () => {
    const run = await start(program({ read: fn({ sum: g.add(a, g.variable('a', [2])) }) }));
    expect(await run.run('read', {})).toEqual({ sum: Float32Array.of(2, 4) });
  });

  it('take integers and flags in, and give every type out as floats', async () => {
    const flag = g.input('flag', [2], 'bool');
    const chosen = g.select(flag, x, g.neg(x));
    const all = fn({ chosen, flag, count }, { inputs: [flag, x, count] });
    const run = await start(program({ all }));
    const fed = { flag: Int32Array.of(1, 0), x: Float32Array.of(3, 4), count: Int32Array.of(-7) };
    expect(await run.run('all', fed)).toEqual({
      chosen: Float32Array.of(3, -4),
      flag: Float32Array.of(1, 0),
      count: Float32Array.of(-7),
    });
  });
});

describe('a call that does not fit', () => {
  const step = fn({ sum: g.add(x, g.cast(count, 'float32')) }, { inputs: [x, count] });
  const good = { x: Float32Array.of(1, 2), count: Int32Array.of(3) };
  const calls: readonly (readonly [string, (run: Interpreter) => Promise<unknown>, string])[] = [
    ['unknown function', (r) => r.run('stop', {}), 'the program has no function "stop"'],
    [
      'no input',
      (r) => r.run('step', { x: good.x }),
      '"step" was called without its input "count"',
    ],
    [
      'short input',
      (r) => r.run('step', { ...good, x: Float32Array.of(1) }),
      'input "x" of "step" takes 2 values, got 1',
    ],
    [
      'floats for integers',
      (r) => r.run('step', { ...good, count: Float32Array.of(3) }),
      'input "count" of "step" is int32, got Float32Array',
    ],
    [
      'integers for floats',
      (r) => r.run('step', { ...good, x: Int32Array.of(1, 2) }),
      'input "x" of "step" is float32, got Int32Array',
    ],
    ['unknown input', (r) => r.run('step', { ...good, z: good.x }), '"step" has no input "z"'],
    ['unknown variable set', (r) => writeOne(r, 'z', good.x), 'the program has no variable "z"'],
    ['unknown variable read', (r) => readOne(r, 'z'), 'the program has no variable "z"'],
    [
      'short variable',
      (r) => writeOne(r, 'a', Float32Array.of(1)),
      'variable "a" takes 2 values, got 1',
    ],
  ];
  it.each(calls)(
    'is a GraphError that names the function and the input: %s',
    async (_, call, message) => {
      const run = await start(program({ step }));
      await expect(call(run)).rejects.toThrow(new GraphError(message));
      expect(await run.run('step', good)).toEqual({ sum: Float32Array.of(4, 5) });
    },
  );

  it('is one that reads a variable before it is set', async () => {
    const run = new Interpreter(program({ read: fn({ a }) }));
    await expect(run.run('read', {})).rejects.toThrow(
      new GraphError('variable "a" was read before it was set'),
    );
    await expect(readOne(run, 'a')).rejects.toThrow(GraphError);
    await run.dispose();
  });
});

describe('a program that does not hold together', () => {
  const wide = g.variable('a', [3]);
  const programs: readonly (readonly [string, Program, string])[] = [
    ['undeclared input', program({ f: fn({ x }) }), 'input "x" of "f" is not declared'],
    ['undeclared variable', program({ f: fn({ b }) }, [a]), 'variable "b" of "f" is not declared'],
    [
      'variable of another shape',
      program({ f: fn({ wide }) }),
      'variable "a" of "f" is used as (3) and declared as (2)',
    ],
    [
      'input declared twice',
      program({ f: fn({ x }, { inputs: [x, x] }) }),
      '"f" declares an input twice',
    ],
    [
      'variable set twice',
      program({
        f: fn(
          {},
          {
            updates: [
              { variable: a, value: b },
              { variable: a, value: b },
            ],
          },
        ),
      }),
      '"f" sets a variable twice',
    ],
    [
      'variable set to another shape',
      program({ f: fn({}, { updates: [{ variable: a, value: g.sumAll(b) }] }) }),
      '"f" sets variable "a" (2) to float32 ()',
    ],
    [
      'variable set to integers',
      program({
        f: fn({}, { updates: [{ variable: a, value: g.constant(Int32Array.of(1, 2), [2]) }] }),
      }),
      '"f" sets variable "a" (2) to int32 (2)',
    ],
  ];
  it.each(programs)('is a GraphError when it is loaded: %s', (_, bad, message) => {
    expect(() => new Interpreter(bad)).toThrow(new GraphError(message));
  });
});
