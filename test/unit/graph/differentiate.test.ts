import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../../main/graph/differentiate.ts';
import { legalise } from '../../../main/graph/legalise.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import * as g from '../../../main/graph/operations.ts';
import { GraphError } from '../../../main/graph/graph-error.ts';
import { inTopologicalOrder, type Tensor } from '../../../main/graph/tensor.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { distance, finiteDifferences } from './cases.ts';
import { evaluate } from './reference.ts';

const x = g.input('x', [3]);
const y = g.input('y', [3]);
const given = { x: [0.5, -1, 2], y: [1.5, 0.25, -0.75] };
const valuesOf = (...tensors: Tensor[]): number[][] =>
  evaluate(tensors, given).map((values) => [...values]);

describe('gradients', () => {
  it('add up over every use of a shared node', () => {
    const shared = g.exp(x);
    const loss = g.sumAll(g.add(g.mul(shared, y), g.mul(shared, shared)));
    const [found] = valuesOf(...gradients(loss, [x]));
    expect(distance(found ?? [], finiteDifferences(loss, given, 'x'))).toBeLessThan(1e-8);
  });

  it('visit a shared node once', () => {
    // Doubling a node fifty times yields 2⁵⁰ paths.
    let t: Tensor = x;
    for (let i = 0; i < 50; i++) t = g.add(t, t);
    const [dx] = gradients(g.sumAll(t), [x]);
    expect(inTopologicalOrder([dx!]).length).toBeLessThan(200);
    expect(valuesOf(dx!)).toEqual([[2 ** 50, 2 ** 50, 2 ** 50]]);
  });

  it('do not pass stopGradient', () => {
    const loss = g.sumAll(g.mul(g.stopGradient(x), x));
    const through = g.sumAll(g.stopGradient(g.mul(x, x)));
    expect(valuesOf(...gradients(loss, [x]))).toEqual([given.x]);
    expect(valuesOf(...gradients(through, [x]))).toEqual([[0, 0, 0]]);
  });

  it('do not pass comparisons and casts', () => {
    const loss = g.sumAll(g.cast(g.greaterEqual(x, y), 'float32'));
    expect(valuesOf(...gradients(loss, [x, y]))).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('are zeros of its shape for a target that the loss does not depend on', () => {
    const apart = g.variable('apart', [2, 2]);
    const [dx, dApart] = gradients(g.sumAll(x), [x, apart]);
    expect(dApart?.shape).toEqual([2, 2]);
    expect(valuesOf(dx!, dApart!)).toEqual([
      [1, 1, 1],
      [0, 0, 0, 0],
    ]);
  });

  it('are had for nodes inside the graph, for the loss itself and for one target twice', () => {
    const inner = g.mul(x, y);
    const loss = g.sumAll(g.mul(inner, inner));
    const found = valuesOf(...gradients(loss, [inner, loss, x, x]));
    const product = given.x.map((value, i) => value * (given.y[i] ?? NaN));
    const dx = product.map((p, i) => 2 * p * (given.y[i] ?? NaN));
    expect(found).toEqual([product.map((p) => 2 * p), [1], dx, dx]);
  });

  it('leave out the part of the graph below the targets', () => {
    const frozen = g.erf(g.exp(x));
    const [dy] = gradients(g.sumAll(g.mul(frozen, g.exp(y))), [y]);
    const ops = inTopologicalOrder([dy!]).map((node) => node.op);
    expect(ops.filter((op) => op === 'exp')).toHaveLength(2);
    expect(ops.filter((op) => op === 'erf')).toHaveLength(1);
  });

  it('read nothing of what is recomputed, and compute it once they have come to it', () => {
    const inner = g.exp(g.mul(x, y));
    const loss = g.sumAll(g.mul(g.remat(g.mul(inner, inner), x), y));
    const [dx] = gradients(loss, [x]);
    const needed = inTopologicalOrder([dx!]);
    expect(needed).not.toContain(inner);
    const again = needed.filter((node) => node.op === 'exp');
    expect(again).toHaveLength(1);
    // The recomputation depends on the incoming gradient, which contains the weights y.
    const above = needed.find((node) => node.op === 'slice');
    expect(inTopologicalOrder(again)).toContain(above);
    const expected = finiteDifferences(loss, given, 'x');
    expect(distance(valuesOf(dx!)[0] ?? [], expected)).toBeLessThan(1e-8);
  });

  it('recompute what depends on weights alone, too, but read stored ones where they are', () => {
    const weights = g.variable('weights', [3]);
    const made = g.exp(weights);
    const loss = g.sumAll(g.remat(g.mul(g.mul(x, made), weights), x));
    const needed = inTopologicalOrder(gradients(loss, [x, weights]));
    expect(needed).not.toContain(made);
    expect(needed.filter((node) => node.op === 'exp')).toHaveLength(1);
    expect(needed).toContain(weights);
  });

  it('give a tie of max or min to the first operand, once', () => {
    const tie = g.input('tie', [2]);
    const other = g.input('other', [2]);
    for (const op of [g.maximum, g.minimum]) {
      const found = evaluate(gradients(g.sumAll(op(tie, other)), [tie, other]), {
        tie: [1, 1],
        other: [1, 1],
      });
      expect(found.map((values) => [...values])).toEqual([
        [1, 1],
        [0, 0],
      ]);
    }
  });

  it('take a loss of shape (1) too', () => {
    const [dx] = gradients(g.sum(x, [0], true), [x]);
    expect(valuesOf(dx!)).toEqual([[1, 1, 1]]);
  });

  it('refuse a loss that is not one float', () => {
    expect(() => gradients(x, [x])).toThrow(
      new GraphError('only a scalar can be differentiated, not float32 (3)'),
    );
    expect(() => gradients(g.cast(g.sumAll(x), 'int32'), [x])).toThrow('not int32 ()');
  });

  it('refuse the second derivative of GELU', () => {
    const [dx] = gradients(g.sumAll(g.gelu(x)), [x]);
    expect(() => gradients(g.sumAll(dx!), [x])).toThrow(GraphError);
  });

  it('can be differentiated again where every rule can', () => {
    const [dx] = gradients(g.sumAll(g.mul(g.softmax(x), y)), [x]);
    const again = g.sumAll(g.mul(dx!, y));
    const [found] = valuesOf(...gradients(again, [x]));
    expect(distance(found ?? [], finiteDifferences(again, given, 'x'))).toBeLessThan(1e-8);
  });

  it('need no stack for a graph of 10,000 nodes, nor do the interpreter and the lowering', async () => {
    let t: Tensor = x;
    for (let i = 0; i < 10_000; i++) t = i % 2 === 0 ? g.add(t, y) : g.sub(t, y);
    const loss = g.sumAll(t);
    const [dx, dy] = gradients(loss, [x, y]) as [Tensor, Tensor];
    const fn = { inputs: [x, y], outputs: { loss, dx, dy }, updates: [] };
    const program = { variables: [], functions: { deep: fn } };
    expect(lowerProgram(program).functions[0]?.nodeDef.length).toBeGreaterThan(20_000);

    const interpreter = new Interpreter(program);
    const found = await interpreter.run('deep', {
      x: Float32Array.from(given.x),
      y: Float32Array.from(given.y),
    });
    await interpreter.dispose();
    expect([...(found['dx'] ?? [])]).toEqual([1, 1, 1]);
    expect([...(found['dy'] ?? [])]).toEqual([0, 0, 0]);
    expect(found['loss']?.[0]).toBeCloseTo(1.5, 4);
  });

  it('keep nothing for another way', () => {
    const z = g.input('z', [3, 4]);
    const [b, a, w] = [g.variable('b', [4, 2]), g.variable('a', [2, 5]), g.variable('w', [4, 5])];
    const activated = g.exp(z);
    const x = g.remat(activated, z);
    const via = g.matmul(g.matmul(g.stopGradient(x), b), a);
    const y = g.customVjp(g.matmul(x, w), via);
    const loss = g.sumAll(g.mul(y, y));
    const roots = [loss, ...gradients(loss, [a, b])];
    const parts = legalise(inTopologicalOrder(roots), () => false);
    const used = inTopologicalOrder(roots.map((node) => parts.get(node) ?? node));
    // Only the product with w reads the value from the forward pass.
    const readers = used.filter((node) => node.inputs.includes(activated));
    expect(readers.map(({ inputs }) => inputs)).toEqual([[activated, w]]);
  });
});
