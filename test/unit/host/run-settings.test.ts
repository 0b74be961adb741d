import { describe, expect, it } from 'vitest';
import { completeConfig, TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';

describe('settings of an earlier version', () => {
  it('keep what they say and get the standard value of what they do not know', () => {
    const stored = { batchSize: 7, optimiser: { learningRate: 0.25 } };
    expect(completeConfig(stored)).toEqual({
      ...TRAINING_DEFAULTS,
      batchSize: 7,
      optimiser: { ...TRAINING_DEFAULTS.optimiser, learningRate: 0.25 },
    });
  });

  it('are left alone when they are whole', () => {
    expect(completeConfig(TRAINING_DEFAULTS)).toEqual(TRAINING_DEFAULTS);
  });
});
