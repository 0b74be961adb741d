import { describe, expect, it } from 'vitest';
import { completeConfig, TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';

describe('settings of an earlier version', () => {
  it('keep what they say and get the standard value of what they do not know', () => {
    const stored = { batchSize: 7, optimizer: { learningRate: 0.25 } };
    expect(completeConfig(stored)).toEqual({
      ...TRAINING_DEFAULTS,
      batchSize: 7,
      optimizer: { ...TRAINING_DEFAULTS.optimizer, learningRate: 0.25 },
    });
  });

  it('are found under the names that they had', () => {
    const stored: object = {
      optimiser: { beta1: 0.5 },
      augmentation: { colourJitter: 0.25 },
      recompute: 'always',
    };
    const config = completeConfig(stored);
    expect(config.optimizer).toEqual({ ...TRAINING_DEFAULTS.optimizer, beta1: 0.5 });
    expect(config.augmentation).toEqual({ ...TRAINING_DEFAULTS.augmentation, colorJitter: 0.25 });
    expect(config.gradientCheckpointing).toBe('always');
    expect(config).not.toHaveProperty('optimiser');
    expect(config.augmentation).not.toHaveProperty('colourJitter');
  });

  it('are left alone when they are whole', () => {
    expect(completeConfig(TRAINING_DEFAULTS)).toEqual(TRAINING_DEFAULTS);
  });
});
