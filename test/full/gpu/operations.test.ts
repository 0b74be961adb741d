import { afterAll, describe, it } from 'vitest';
import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import type { OpName } from '../../../main/graph/registry.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';
import { randomStream } from '../../../main/engine/random.ts';
import { draw } from '../../unit/graph/cases.ts';
import { ROWS } from '../../unit/graph/operation-rows.ts';
import { randomGraph } from '../../unit/graph/random-graphs.ts';
import { floats } from '../../unit/graph/row.ts';
import {
  expectReference,
  operationBatch,
  type Computed,
} from '../../fixtures/engine/operation-batch.ts';
import { softwareCard } from '../../fixtures/engine/software-card.ts';

/**
 * Every operation of the graph language and its gradients, against float64. The same kernels run on
 * every card; what a card's compiler makes of them can only be seen on it.
 */
const card = await softwareCard();
afterAll(() => card?.close());

const TOLERANCE = 2e-5;
/** Accumulated over a dozen operations. */
const DEEP_TOLERANCE = 1e-4;

describe.skipIf(card === null)('on a software card', { timeout: 600_000 }, () => {
  it.each(Object.keys(ROWS) as OpName[])('%s is right, with its gradients', async (op) => {
    await expectReference(card!, operationBatch(op), TOLERANCE);
  });

  it.each([1000, 1001, 1002, 1003])('random graph %i is right', async (seed) => {
    const { inputs, given, loss } = randomGraph(seed);
    const outputs = Object.fromEntries(
      [loss, ...gradients(loss, inputs)].map((t, i) => [String(i), t]),
    );
    const program = { variables: [], functions: { f: { inputs, outputs, updates: [] } } };
    await expectReference(card!, { program, given, outputs }, DEEP_TOLERANCE);
  });

  const x = g.input('x', [3, 131, 67]);
  const y = g.input('y', [3, 67, 90]);
  const long = g.input('long', [5000, 33]);
  const huge = g.input('huge', [70_000, 3]);
  const large: readonly (readonly [string, Computed])[] = [
    ['a batch of products over several tiles', computed({ result: g.matmul(x, y) })],
    [
      'a product of many terms, in parts',
      computed({ result: g.matmul(long, long, { transposeA: true }) }),
    ],
    [
      'sums in several stages',
      computed({
        columns: g.sum(long, [0]),
        all: g.sumAll(long),
        rows: g.sum(x, [2]),
        outer: g.sum(x, [0, 1]),
      }),
    ],
    ['rows of more groups than lie along an axis', computed({ result: g.softmax(huge) })],
  ];

  it.each(large)('%s', async (_, given) => {
    await expectReference(card!, given, TOLERANCE);
  });
});

function computed(outputs: Record<string, Tensor>): Computed {
  const inputs = [g.input('x', [3, 131, 67]), g.input('y', [3, 67, 90])];
  const all = [...inputs, g.input('long', [5000, 33]), g.input('huge', [70_000, 3])];
  const stream = randomStream(1, 'large', 0);
  const given = Object.fromEntries(
    all.map(({ attributes: { name, shape } }) => [
      name,
      draw(floats(shape.map(Number), -1, 1), stream),
    ]),
  );
  const fn = { inputs: all, outputs, updates: [] };
  return { program: { variables: [], functions: { f: fn } }, given, outputs };
}
