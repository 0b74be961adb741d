import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callNodes, signatureOf } from '../../../main/backends/tensorflow/call.ts';
import { lowerFunction } from '../../../main/backends/tensorflow/function.ts';
import { loadTensorFlow } from '../../../main/engine/runtime/tensorflow.ts';
import { encodeSavedModel } from '../../../main/formats/saved-model.ts';
import { BATCH } from '../../../main/graph/dim.ts';
import * as g from '../../../main/graph/operations.ts';
import type { ProgramFunction } from '../../../main/graph/program.ts';

/**
 * Loads the SavedModel as third parties do: without our session, with weights in the graph, by its
 * signature.
 */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karst-exported-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const x = g.input('x', [BATCH, 2]);
const w = g.variable('w', [2, 3]);
const bias = g.variable('bias', [3]);
const fn: ProgramFunction = {
  inputs: [x],
  outputs: { y: g.add(g.matmul(x, w), g.mul(bias, bias)) },
  updates: [],
};
const weights = new Map([
  ['w', Float32Array.of(1, 2, 3, 4, 5, 6)],
  ['bias', Float32Array.of(1, -2, 3)],
]);

it('has its weights as constants, and a signature with an open batch', async () => {
  const { definition, variables } = lowerFunction('serve', fn, {
    ...{ kernels: false, attributes: {}, constants: weights },
  });
  expect(variables).toEqual([]);
  const signature = signatureOf('serve', fn);
  expect(signature.inputs['x']?.tensorShape.dim).toEqual([{ size: -1 }, { size: 2 }]);
  expect(signature.outputs['y']?.tensorShape.dim).toEqual([{ size: -1 }, { size: 3 }]);
  const model = encodeSavedModel({
    nodes: callNodes('serve', fn, [], {}),
    functions: [definition],
    signatures: { serving_default: signature },
  });
  await writeFile(join(folder, 'saved_model.pb'), model);

  const { tf, backend } = loadTensorFlow();
  const id = backend.loadSavedModelMetaGraph(folder, 'serve');
  for (const rows of [
    [[1, 0]],
    [
      [1, 0],
      [0, 1],
      [1, 1],
    ],
  ]) {
    const fed = tf.tensor(rows);
    const [y] = backend.runSavedModel(
      id,
      [fed],
      [{ name: signature.inputs['x']!.name }],
      [signature.outputs['y']!.name],
    );
    const products = rows.map(([a = 0, b = 0]) => [
      a + 4 * b + 1,
      2 * a + 5 * b + 4,
      3 * a + 6 * b + 9,
    ]);
    expect(y?.shape).toEqual([rows.length, 3]);
    expect([...y!.dataSync()]).toEqual(products.flat());
    tf.dispose([fed, y!]);
  }
  backend.deleteSavedModel(id);
});

it('takes the weights that are not constants as arguments', () => {
  const { definition, variables } = lowerFunction('serve', fn, {
    ...{ kernels: false, attributes: {}, constants: new Map([['w', weights.get('w')!]]) },
  });
  expect(variables).toEqual(['bias']);
  const ops = definition.nodeDef.map(({ op }) => op);
  // The variable is read once although it is used twice.
  expect(ops.filter((op) => op === 'ReadVariableOp')).toHaveLength(1);
  expect(ops.filter((op) => op === 'Const')).toHaveLength(1);
});
