import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { gradients } from '../../../main/graph/differentiate.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { distance, finiteDifferences } from './cases.ts';
import { randomGraph } from './random-graphs.ts';
import { evaluate } from './reference.ts';

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

it.each(SEEDS)('random graph %i has the gradients that finite differences have', async (seed) => {
  const { inputs, given, loss } = randomGraph(seed);
  const found = gradients(loss, inputs);
  const exact = evaluate([loss, ...found], given);

  inputs.forEach(({ attributes }, i) => {
    const expected = finiteDifferences(loss, given, attributes.name, 1e-6);
    expect(distance(exact[i + 1] ?? [], expected)).toBeLessThan(2e-6);
  });

  const outputs = Object.fromEntries([loss, ...found].map((t, i) => [String(i), t]));
  const fn = { inputs, outputs, updates: [] };
  const interpreter = new Interpreter({ variables: [], functions: { f: fn } });
  const single = await interpreter.run('f', given);
  await interpreter.dispose();
  exact.forEach((values, i) => {
    expect(distance(single[String(i)] ?? [], values)).toBeLessThan(1e-4);
  });
});
