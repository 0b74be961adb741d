import { expect, it } from 'vitest';
import { signatureOf } from '../../../main/backends/tensorflow/call.ts';
import { lowerFunction } from '../../../main/backends/tensorflow/function.ts';
import { BATCH } from '../../../main/graph/dim.ts';
import * as g from '../../../main/graph/operations.ts';
import type { ProgramFunction } from '../../../main/graph/program.ts';

/** What others call: `test/unit/exports/saved-model.test.ts` loads such functions as they do. */

const x = g.input('x', [BATCH, 2]);
const w = g.variable('w', [2, 3]);
const bias = g.variable('bias', [3]);
const fn: ProgramFunction = {
  inputs: [x],
  outputs: { y: g.add(g.matmul(x, w), g.mul(bias, bias)) },
  updates: [],
};

it('has a signature with an open batch', () => {
  const signature = signatureOf('serve', fn);
  expect(signature.inputs['x']?.tensorShape.dim).toEqual([{ size: -1 }, { size: 2 }]);
  expect(signature.outputs['y']?.tensorShape.dim).toEqual([{ size: -1 }, { size: 3 }]);
});

it('takes its weights as arguments, and reads each once', () => {
  const { definition, variables } = lowerFunction('serve', fn, { kernels: false, attributes: {} });
  expect([...variables].sort()).toEqual(['bias', 'w']);
  const ops = definition.nodeDef.map(({ op }) => op);
  expect(ops.filter((op) => op === 'ReadVariableOp')).toHaveLength(2);
});
