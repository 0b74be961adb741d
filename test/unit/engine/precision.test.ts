import { describe, expect, it } from 'vitest';
import { adaptedModel } from '../../../main/engine/adapter/adapted-model.ts';
import {
  evaluationProgram,
  featureProgram,
  trainingProgram,
} from '../../../main/engine/train/step.ts';
import { MATMUL_PRECISIONS, TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { MINUTE_VIT } from '../../fixtures/engine/workshop.ts';

const { karst, optimiser } = TRAINING_DEFAULTS;
const model = adaptedModel({ architecture: MINUTE_VIT, classes: 3, method: 'karst', karst });

describe.each(MATMUL_PRECISIONS)('the precision %s', (matmulPrecision) => {
  it.each([1, 2])('is that of training and validation, with %i batches an update', (accumulate) => {
    const { program } = trainingProgram(model, {
      ...{ batchSize: 2, optimiser, accumulate, matmulPrecision },
      ...{ dropPath: false, rankDropout: false, keptPatches: 3 },
    });
    // `apply` multiplies no matrices.
    const { apply, ...others } = program.functions;
    expect(apply === undefined).toBe(accumulate === 1);
    expect(Object.values(others).map((fn) => fn.matmulPrecision)).toEqual(
      Array(3).fill(matmulPrecision),
    );
  });

  it('is that of evaluation, for a batch and for one image', () => {
    const { program } = evaluationProgram(model, 2, { single: true, matmulPrecision });
    const { evaluate, evaluateOne } = program.functions;
    expect(evaluate?.matmulPrecision).toBe(matmulPrecision);
    expect(evaluateOne?.matmulPrecision).toBe(matmulPrecision);
  });

  it('is that of features', () => {
    const { features } = featureProgram(MINUTE_VIT, 2, matmulPrecision).functions;
    expect(features?.matmulPrecision).toBe(matmulPrecision);
  });
});

it('is float32 in an evaluation that asks for none, as in the proof of a merge', () => {
  expect(evaluationProgram(model, 2).program.functions['evaluate']?.matmulPrecision).toBe(
    'highest',
  );
});
