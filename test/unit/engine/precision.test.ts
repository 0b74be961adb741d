import { describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import type { Program } from '../../../main/graph/program.ts';
import { lowerProgram } from '../../../main/backends/tensorflow/session-graph.ts';
import { stepNoise } from '../../../main/engine/train/noise.ts';
import { evaluationProgram } from '../../../main/engine/programs/evaluation.ts';
import { featureProgram } from '../../../main/engine/programs/features.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { TRAINING_DEFAULTS, type MatmulPrecision } from '../../../shared/domain/training.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

const { optimizer } = TRAINING_DEFAULTS;
/** Large enough that its products use the kernels, even for one image. */
const architecture = { ...SMALLEST_VIT, ...{ imageSize: 96, width: 64, mlpDim: 256 } };
const model = adapted({ architecture, classes: 3, method: 'karst' });
const BATCH = 2;

/**
 * For each function of a program, whether it calls the engine's own kernels, which round more
 * coarsely than float32.
 */
function rounding(program: Program): Record<string, boolean> {
  const { functions } = lowerProgram(program, { kernels: true });
  return Object.fromEntries(
    Object.keys(program.functions).map((name, i) => [
      name,
      functions[i]!.nodeDef.some(({ op }) => op === 'XlaCustomCallV2'),
    ]),
  );
}

describe.each<[MatmulPrecision, boolean]>([
  ['high', true],
  ['highest', false],
])('the precision %s', (matmulPrecision, calls) => {
  it.each([1, 2])('is that of training and validation, with %i batches an update', (accumulate) => {
    const { program } = trainingProgram(model, {
      ...{ batchSize: BATCH, loss: singleLabel.loss, optimizer, accumulate, matmulPrecision },
      noise: stepNoise(model, { ...TRAINING_DEFAULTS, batchSize: BATCH, patchDrop: 0.2 }),
    });
    const found = rounding(program);
    const steps =
      accumulate === 1 ? ['train', 'trainDropping'] : ['accumulate', 'accumulateDropping'];
    // An update contains no matrix products.
    expect(found).toEqual({
      evaluate: calls,
      ...Object.fromEntries(steps.map((name) => [name, calls])),
      ...(accumulate === 1 ? {} : { apply: false }),
    });
  });

  it('is that of evaluation, for a batch and for one image', () => {
    const { program } = evaluationProgram(model, BATCH, { single: true, matmulPrecision });
    const { evaluate, evaluateOne } = rounding(program);
    expect([evaluate, evaluateOne]).toEqual([calls, calls]);
  });

  it('is that of features', () => {
    expect(rounding(featureProgram(architecture, BATCH, matmulPrecision))).toEqual({
      features: calls,
    });
  });
});

it('is float32 in an evaluation that asks for none, as in the proof of a merge', () => {
  expect(rounding(evaluationProgram(model, BATCH).program)['evaluate']).toBe(false);
});
