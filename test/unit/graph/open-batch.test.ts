import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../main/backends/session.ts';
import { functionMemory } from '../../../main/backends/tensorflow/memory.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { loadTensorFlow, openNativeSession } from '../../../main/engine/runtime/tensorflow.ts';
import { randomStream } from '../../../main/engine/random.ts';
import { BATCH, isOpen, plus, times, type Dim } from '../../../main/graph/dim.ts';
import { GraphError } from '../../../main/graph/graph-error.ts';
import { apply, type Operation } from '../../../main/graph/operation.ts';
import * as g from '../../../main/graph/operations.ts';
import type { ProgramFunction, Values } from '../../../main/graph/program.ts';
import { operationOf, type OpName } from '../../../main/graph/registry.ts';
import {
  boundShape,
  inTopologicalOrder,
  sizeOf,
  type Shape,
  type Tensor,
  type TensorType,
} from '../../../main/graph/tensor.ts';
import { distance } from './cases.ts';
import { ROWS } from './operation-rows.ts';

/** Batch sizes with which every open program is called. */
const BATCHES = [1, 2, 5];

/** Without XLA, TensorFlow's softmax supports at most this many axes; no network needs more. */
const SOFTMAX_AXES = 5;

/** Operations whose sizes are always static: stored tensors and factors of a weight. */
const STATIC = new Set<OpName>(['variable', 'constant', 'addKronecker', 'kroneckerGradient']);

// float32 against float32 with a different summation order and erf (tfjs's is accurate to 1.5e-7).
const TOLERANCE = 3e-5;

/** A node as its operation, input types and attributes. */
interface Made {
  readonly operation: Operation<string, object, readonly Tensor[]>;
  readonly inputs: readonly TensorType[];
  readonly attributes: object;
}

/** Creates the node over inputs with names that begin with `name`. @throws GraphError */
function nodeOf({ operation, inputs, attributes }: Made, name: string): Tensor {
  const fed = inputs.map(({ shape, dtype }, i) => g.input(`${name}_${String(i)}`, shape, dtype));
  return apply(operation, fed, 'name' in attributes ? { ...attributes, name } : attributes);
}

/** All shapes of a node: those of its inputs, and its shape attribute if it has one. */
function shapesOf({ inputs, attributes }: Made): Shape[] {
  const own = 'shape' in attributes ? [attributes.shape as Shape] : [];
  return [...inputs.map(({ shape }) => shape), ...own];
}

function withShapes(made: Made, shapes: readonly Shape[]): Made {
  const inputs = made.inputs.map((type, i) => ({ ...type, shape: shapes[i] ?? type.shape }));
  const own = shapes[inputs.length];
  return {
    ...made,
    inputs,
    attributes: own === undefined ? made.attributes : { ...made.attributes, shape: own },
  };
}

const bound = (made: Made, batch: number): Made =>
  withShapes(
    made,
    shapesOf(made).map((shape) => boundShape(shape, batch)),
  );

/** The shape itself, and variants with one size each multiplied by the batch. */
function opened(shape: Shape): Shape[] {
  const open = shape.map((_, axis) =>
    shape.map((side, i) => (i === axis ? times(side, BATCH) : side)),
  );
  return [shape, ...open];
}

/** The Cartesian product of the lists. */
function choices<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>(
    (all, list) => all.flatMap((before) => list.map((one) => [...before, one])),
    [[]],
  );
}

/** Every combination of open sizes in a row's nodes that the operation accepts. */
function openings(op: OpName): Made[] {
  const rows = ROWS[op].flatMap(({ operands, build }) => {
    const inputs = operands.map(({ shape, dtype }, i) => g.input(String(i), shape, dtype));
    return inTopologicalOrder([build(inputs)]).filter((node) => node.op === op);
  });
  return rows.flatMap((node) => {
    const made: Made = { operation: operationOf(node), ...node };
    const ways = choices(shapesOf(made).map(opened)).map((shapes) => withShapes(made, shapes));
    return ways.filter((way) => shapesOf(way).flat().some(isOpen) && isTaken(way));
  });
}

function isTaken(made: Made): boolean {
  try {
    nodeOf(made, 'x');
    return true;
  } catch (error) {
    if (error instanceof GraphError) return false;
    throw error;
  }
}

const OPS = Object.keys(ROWS) as OpName[];
const OPENINGS = new Map(OPS.map((op) => [op, openings(op)]));

describe.each(OPS)('%s', (op) => {
  const ways = OPENINGS.get(op) ?? [];

  it('takes an open batch, unless it is about numbers', () => {
    expect(ways.length > 0).toBe(!STATIC.has(op));
  });

  it.each(BATCHES)('has the shape that it has for a batch of %i', (batch) => {
    for (const way of ways) {
      const { shape, dtype } = nodeOf(way, 'x');
      const known = nodeOf(bound(way, batch), 'x');
      expect({ shape: boundShape(shape, batch), dtype }).toEqual({
        shape: known.shape,
        dtype: known.dtype,
      });
    }
  });

  it('has parts of its shape', () => {
    for (const way of ways) {
      const node = nodeOf(way, 'x');
      const { shape = node.shape, dtype = node.dtype } = way.operation.decompose?.(node, g) ?? {};
      expect({ shape, dtype }).toEqual({ shape: node.shape, dtype: node.dtype });
    }
  });
});

/** Combines independent nodes into one function. */
function functionOf(nodes: readonly Tensor[]): ProgramFunction {
  return {
    inputs: inTopologicalOrder(nodes).filter(
      (node) => node.op === 'input',
    ) as ProgramFunction['inputs'][number][],
    outputs: Object.fromEntries(nodes.map((node, i) => [String(i), node])),
    updates: [],
  };
}

/** Floats in the domain of every function, and integers that are valid row indices. */
function values({ shape, dtype }: TensorType, batch: number, name: string): Values {
  const stream = randomStream(1, name, batch);
  const length = sizeOf(boundShape(shape, batch));
  return dtype === 'float32'
    ? Float32Array.from({ length }, () => 0.3 + 2 * stream.uniform())
    : Int32Array.from({ length }, () => stream.integer(2));
}

async function answers(session: Session, fn: ProgramFunction, batch: number) {
  const fed = fn.inputs.map((input) => {
    const { name } = input.attributes;
    return [name, values(input, batch, name)] as const;
  });
  return await session.run('f', Object.fromEntries(fed));
}

const program = (fn: ProgramFunction) => ({ variables: [], functions: { f: fn } });

describe('the values of an open program', () => {
  const nodes = (op: OpName, change: (way: Made) => Made): Tensor[] =>
    (OPENINGS.get(op) ?? []).map((way, i) => nodeOf(change(way), `${op}${String(i)}`));
  const open = OPS.filter((op) => !STATIC.has(op)).map((op) => ({
    op,
    fn: functionOf(nodes(op, (way) => way)),
    static: (batch: number) => functionOf(nodes(op, (way) => bound(way, batch))),
  }));
  const expected = new Map<string, Record<string, Float32Array>>();

  beforeAll(async () => {
    // Before the addon is loaded, which makes its own backend the only one of tfjs.
    await tf.setBackend('cpu');
    for (const { op, static: fixed } of open)
      for (const batch of BATCHES) {
        const fn = fixed(batch);
        const session = new Interpreter(program(fn));
        expected.set(`${op} ${String(batch)}`, await answers(session, fn, batch));
        await session.dispose();
      }
  });

  it.each(open)('are those of the static one in the interpreter: $op', async ({ op, fn }) => {
    await tf.setBackend('cpu');
    const session = new Interpreter(program(fn));
    for (const batch of BATCHES)
      expect(await answers(session, fn, batch)).toEqual(expected.get(`${op} ${String(batch)}`));
    await session.dispose();
  });

  it.each(open)('are those of the static one in TensorFlow: $op', async ({ op, fn }) => {
    loadTensorFlow();
    const few = Object.entries(fn.outputs).filter(
      ([, { shape }]) => op !== 'softmax' || shape.length <= SOFTMAX_AXES,
    );
    const session = openNativeSession(program({ ...fn, outputs: Object.fromEntries(few) }));
    for (const batch of BATCHES) {
      const found = await answers(session, fn, batch);
      const wanted = expected.get(`${op} ${String(batch)}`) ?? {};
      for (const [key, values] of Object.entries(found))
        expect(distance(values, wanted[key] ?? []), key).toBeLessThan(TOLERANCE);
      expect(Object.keys(found)).toHaveLength(few.length);
    }
    await session.dispose();
  });
});

describe('sides with a batch in them', () => {
  it('are so many times it', () => {
    const three: Dim = { batches: 3 };
    expect(times(3, BATCH)).toEqual(three);
    expect(times(three, 2)).toEqual({ batches: 6 });
    expect(times(three, 0)).toBe(0);
    expect(plus(BATCH, { batches: 2 })).toEqual(three);
    expect(plus(0, three)).toEqual(three);
    expect(sizeOf([BATCH, 3])).toEqual(three);
  });

  it.each<readonly [what: string, make: () => unknown, message: string]>([
    ['the square of the batch', () => times(BATCH, { batches: 2 }), 'a side of B · 2B'],
    ['a batch and one more', () => plus(BATCH, 1), 'a side of B + 1'],
    ['two open sides', () => g.input('x', [BATCH, BATCH]), 'input "x" of shape (B, B)'],
    ['half a batch', () => g.input('x', [{ batches: 0.5 }]), 'input "x" of shape (0.5B)'],
    [
      'two images of a batch',
      () => g.slice(g.input('x', [BATCH, 2]), [0, 0], [2, 2]),
      'slice 0,0 (2, 2) of (B, 2)',
    ],
    [
      'a mean over the batch',
      () => g.mean(g.input('x', [BATCH, 2]), [0]),
      'a side of B where a number is needed',
    ],
    [
      'a batch beside a number',
      () => g.add(g.input('x', [BATCH]), g.input('y', [3])),
      '(B) and (3) do not broadcast',
    ],
  ])('are a GraphError where they are no side: %s', (_, make, message) => {
    expect(make).toThrow(new GraphError(message));
  });
});

describe('an open program in TensorFlow', () => {
  /** Large enough for our kernels. */
  const product = (batch: Dim): ProgramFunction => {
    const [x, w] = [g.input('x', [batch, 512, 64]), g.input('w', [64, 512])];
    const y = g.matmul(g.reshape(x, [times(batch, 512), 64]), w);
    return { ...functionOf([y]), matmulPrecision: 'high' };
  };
  const lowered = (batch: Dim) => {
    const { nodes, functions } = lowerProgram(program(product(batch)), { kernels: true });
    const x = nodes.find(({ name }) => name === 'f/in/x');
    return {
      sides: x?.attr['shape']?.shape?.dim.map(({ size }) => size),
      compiled: functions[0]?.attr['_XlaMustCompile']?.b ?? false,
      calls: functions[0]?.nodeDef.filter(({ op }) => op === 'XlaCustomCallV2').length,
    };
  };

  it('has placeholders of any batch, and neither is compiled nor calls our kernels', () => {
    expect(lowered(2)).toEqual({ sides: [2, 512, 64], compiled: true, calls: 1 });
    expect(lowered(BATCH)).toEqual({ sides: [-1, 512, 64], compiled: false, calls: 0 });
  });

  it('takes memory that nobody can say before a call', () => {
    expect(functionMemory(product(2), true).values).toBe(2 * 512 * 512 * 4);
    expect(() => functionMemory(product(BATCH), true)).toThrow(
      new GraphError('a side of 512B where a number is needed'),
    );
  });
});

describe('a call of an open program', () => {
  const x = g.input('x', [BATCH, 2]);
  const y = g.input('y', [times(2, BATCH)]);
  const fn = functionOf([g.reshape(x, [times(2, BATCH)]), y]);

  it.each<readonly [Float32Array, Float32Array, string]>([
    [
      new Float32Array(3),
      new Float32Array(2),
      'input "x" of "f" takes a multiple of 2 values, got 3',
    ],
    [
      new Float32Array(0),
      new Float32Array(0),
      'input "x" of "f" takes a multiple of 2 values, got 0',
    ],
    [new Float32Array(6), new Float32Array(4), 'input "y" of "f" takes 6 values, got 4'],
  ])('is refused unless all is fed for one batch size', async (a, b, message) => {
    loadTensorFlow();
    for (const session of [new Interpreter(program(fn)), openNativeSession(program(fn))]) {
      await expect(session.run('f', { x: a, y: b })).rejects.toThrow(new GraphError(message));
      await session.dispose();
    }
  });

  it('needs an input that says how large the batch is', () => {
    const nothing = functionOf([g.broadcastTo(g.scalar(1), [BATCH])]);
    loadTensorFlow();
    expect(() => openNativeSession(program(nothing))).toThrow(
      new GraphError('no input says how large the batch is'),
    );
  });
});
