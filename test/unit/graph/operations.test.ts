import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { legalise } from '../../../main/graph/legalise.ts';
import { OPERATIONS, type OpName } from '../../../main/graph/registry.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { inTopologicalOrder } from '../../../main/graph/tensor.ts';
import { casesOf, distance, finiteDifferences, functionOf, runCase, type Case } from './cases.ts';
import { ROWS } from './operation-rows.ts';
import { erf, evaluate } from './reference.ts';

const OPS = Object.keys(ROWS) as OpName[];

// float32 against float64, with tfjs's erf (absolute error 1.5e-7) and sums of a few dozen terms.
const SINGLE = 3e-6;
// float64 against float64: the remaining errors are step² terms, cancellation, and float32
// constants in the graph.
const DOUBLE = 2e-7;
// For the decomposed `layerNorm`, whose 1/n is such a float32 constant: its rounding matters where
// values are nearly equal.
const APART = 1e-5;

it('has rows for every operation, and each row uses its operation', () => {
  expect([...OPS].sort()).toEqual(Object.keys(OPERATIONS).sort());
  for (const op of OPS) {
    for (const { title, result } of casesOf(op)) {
      const used = new Set(inTopologicalOrder([result]).map((node) => node.op));
      expect(used, `${op}: ${title}`).toContain(op);
    }
  }
});

it('has a reference whose erf is right', () => {
  // Abramowitz and Stegun, table 7.1, and 1 − erfc(3) from table 7.3.
  expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
  expect(erf(-1)).toBeCloseTo(-0.8427007929, 10);
  expect(erf(2)).toBeCloseTo(0.995322265, 10);
  expect(erf(3)).toBeCloseTo(1 - 2.209049699858544e-5, 14);
});

describe.each(OPS)('%s', (op) => {
  const cases = casesOf(op);

  it.each(cases)('has the right value: $title', async (c) => {
    const { result, gradients } = await interpret(c);
    expect(distance(result, evaluate([c.result], c.given)[0] ?? [])).toBeLessThan(SINGLE);
    const expected = evaluate(c.gradients, c.given);
    gradients.forEach((gradient, i) => {
      expect(distance(gradient, expected[i] ?? [])).toBeLessThan(SINGLE);
    });
  });

  it('has the gradient that finite differences have', () => {
    for (const c of cases) {
      const found = evaluate(c.gradients, c.given);
      c.targets.forEach(({ attributes }, i) => {
        const expected = finiteDifferences(c.loss, c.given, attributes.name);
        expect(distance(found[i] ?? [], expected), c.title).toBeLessThan(DOUBLE);
      });
    }
  });

  it('keeps value and gradient when it is decomposed', () => {
    for (const c of cases) {
      const roots = [c.result, ...c.gradients];
      const parts = legalise(inTopologicalOrder(roots), () => false);
      const whole = evaluate(roots, c.given);
      const apart = evaluate(
        roots.map((node) => parts.get(node) ?? node),
        c.given,
      );
      whole.forEach((values, i) => {
        expect(distance(apart[i] ?? [], values), c.title).toBeLessThan(APART);
      });
    }
  });
});

async function interpret(c: Case): Promise<{ result: Float32Array; gradients: Float32Array[] }> {
  const tensors = tf.memory().numTensors;
  const interpreter = new Interpreter({ variables: c.variables, functions: { f: functionOf(c) } });
  const outputs = await runCase(interpreter, 'f', c);
  await interpreter.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
  const { result = new Float32Array() } = outputs;
  return {
    result,
    gradients: c.gradients.map((_, i) => outputs[`gradient${String(i)}`] ?? new Float32Array()),
  };
}
