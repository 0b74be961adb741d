import type { BareShape } from '../../host/contract/runs.ts';
import { TRAINING_DEFAULTS, type TrainingConfig } from '../../../shared/domain/training.ts';

/**
 * How the starter backbone is made: a small ViT trained from scratch on CIFAR-10 with the settings under which
 * one learns most in a few hours on a processor: Muon for the matrices of the blocks (the same accuracy after a third of
 * the images that AdamW needs), half of the patches dropped but in the last epochs (more images an hour), translations,
 * flips, label smoothing. Four blocks and not six: in the same time six see too few images to be better.
 */
export const STARTER_SHAPE: BareShape = {
  name: 'karst-starter',
  architecture: {
    family: 'vit',
    imageSize: 32,
    patchSize: 4,
    width: 192,
    depth: 4,
    heads: 3,
    mlpDim: 768,
    qkvBias: true,
    classes: 0,
    layerNormEpsilon: 1e-6,
  },
  preprocessing: {
    imageSize: 32,
    interpolation: 'bicubic',
    cropFraction: 1,
    cropMode: 'center',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
};

export const STARTER_EPOCHS = 15;

export function starterConfig(epochs: number): TrainingConfig {
  return {
    ...TRAINING_DEFAULTS,
    tuning: { method: 'full', options: {} },
    initialize: 'random',
    batchSize: 128,
    patchDrop: 0.5,
    labelSmoothing: 0.1,
    checkpointEverySeconds: 300,
    optimizer: {
      ...TRAINING_DEFAULTS.optimizer,
      name: 'muon',
      learningRate: 1e-3,
      muonLearningRate: 0.02,
      weightDecay: 0.05,
    },
    schedule: { epochs, warmupEpochs: Math.min(0.5, epochs), warmupStart: 0.01, cosineEnd: 0.01 },
    augmentation: {
      ...TRAINING_DEFAULTS.augmentation,
      padCrop: 4,
      flip: true,
      colorJitter: 0.2,
    },
  };
}

/** Fraction of the training images held out to choose the best epoch. */
export const STARTER_VALIDATION = 0.02;
