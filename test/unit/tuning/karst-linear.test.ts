import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { withKarst } from '../../../main/tuning/karst-linear.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import * as g from '../../../main/graph/operations.ts';
import { inTopologicalOrder, staticShape, type Tensor } from '../../../main/graph/tensor.ts';
import { plainBuild } from '../../../main/networks/build.ts';
import { KARST_DEFAULTS, karstLinears, type KarstOptions } from '../../../shared/methods/karst.ts';
import { modelSpec } from '../../../shared/models/registry.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';

/**
 * More rows than the Linears are wide: the weight is rescaled instead of x and y, unless gradients
 * are factored.
 */
const ROWS = 50;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** y of an adapted Linear, and the gradients of x and all trained tensors. */
async function linearOf(module: string, karst: KarstOptions, factored: boolean) {
  const shape = { architecture: SMALLEST_VIT, classes: 3, method: 'karst', karst } as const;
  const { trained, frozen } = adapted(shape);
  const own = [...trained, ...frozen].filter(([name]) => name.startsWith(`${module}.`));
  const tensors = new Map(own.map(([name, sides]) => [name, g.input(name, sides)]));
  const weights = (name: string): Tensor => tensors.get(name)!;
  const linears = karstLinears(modelSpec(SMALLEST_VIT), karst);
  const linear = linears.find((one) => one.path === module)!;
  const x = g.input('x', [ROWS, linear.in]);
  const dy = g.input('dy', [ROWS, linear.out]);
  const mask = g.input('mask', [linears.length, karst.kernels * karst.rank]);
  const build = withKarst(
    plainBuild(weights, { hasBias: () => true, layerNormEpsilon: 1e-6 }),
    linears,
    karst,
    { factoredGradient: () => factored, rankMask: mask },
  );
  const y = build.linear(module, x);
  const targets = [...tensors].filter(([name]) => trained.has(name));
  const found = gradients(g.sumAll(g.mul(y, dy)), [x, ...targets.map(([, tensor]) => tensor)]);
  const outputs = Object.fromEntries(
    [y, ...found].map((tensor, i) => [['y', 'x', ...targets.map(([n]) => n)][i] ?? '', tensor]),
  );
  const inputs = [...tensors.values(), x, dy, mask];
  const interpreter = new Interpreter({
    variables: [],
    functions: { f: { inputs, outputs, updates: [] } },
  });
  const values = randomTensors(
    new Map(inputs.map((i) => [i.attributes.name, staticShape(i.shape)])),
    11,
  );
  const results = await interpreter.run('f', Object.fromEntries(values));
  await interpreter.dispose();
  // Counts the nodes with that many rows: with the rescaled weight only x, the product and the bias
  // sum.
  const passes = inTopologicalOrder([y]).filter(({ shape: [rows] }) => rows === ROWS).length;
  return { results, passes };
}

describe.each(['attn.proj', 'mlp.fc2', 'mlp.fc1'])('the Linear %s', (target) => {
  it.each(['none', 'scalar', 'channel'] as const)(
    'comes to the same by the re-scaled weight as by the re-scaled rows: %s',
    async (rescale) => {
      const karst = { ...KARST_DEFAULTS, rank: 2, factor: 4, kernels: 2, rescale };
      const module = `blocks.0.${target}`;
      const byWeight = await linearOf(module, karst, false);
      const byRows = await linearOf(module, karst, true);
      expect(Object.keys(byWeight.results)).toEqual(Object.keys(byRows.results));
      for (const [name, expected] of Object.entries(byRows.results)) {
        expect(distance(byWeight.results[name]!, expected), name).toBeLessThan(1e-5);
      }
      expect(byWeight.passes).toBe(3);
    },
  );
});
