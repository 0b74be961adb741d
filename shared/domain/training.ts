import { methodSpec } from '../methods/registry.ts';
import { augmentation, type AugmentationOptions, type CommonSettings } from '../training/fields.ts';
import { completeConfig, type TrainingConfig } from '../training/config.ts';
import type { SomeSettings } from '../training/settings.ts';

export { completeConfig };
export type { TrainingConfig };
export type { AugmentationOptions, OptimizerOptions, ScheduleOptions } from '../training/fields.ts';

export type MatmulPrecision = CommonSettings['matmulPrecision'];

export const NO_AUGMENTATION: AugmentationOptions = augmentation.defaults;

/** Whether images differ between epochs. */
function isAugmented(o: AugmentationOptions): boolean {
  return (
    o.cropScaleMin < 1 ||
    o.padCrop > 0 ||
    o.flip ||
    o.colorJitter > 0 ||
    o.rotation > 0 ||
    o.randAugmentOps > 0 ||
    o.mixup > 0
  );
}

export const TRAINING_DEFAULTS: TrainingConfig = completeConfig({});

/**
 * Whether the features of an image are the same in every epoch: the backbone is frozen as a whole, and nothing random
 * is done to images or tokens. They are computed once then, and each epoch trains the classifier on them.
 */
export function keepsFeatures(config: TrainingConfig): boolean {
  const headAlone = methodSpec(config.tuning.method).scope === 'head';
  return headAlone && config.patchDrop === 0 && !isAugmented(config.augmentation);
}

/** Named starting points; what is not named here comes from `TRAINING_DEFAULTS`. */
export const PRESETS = {
  standard: {},
  'paper-code': {
    karst: { rank: 8, factor: 8, kernels: 8, alpha: 1, init: 'kaiming', rescale: 'scalar' },
    optimizer: { learningRate: 1e-3, weightDecay: 1e-4, decayOn: 'all', clipNorm: 0 },
    schedule: { epochs: 100, warmupEpochs: 10, warmupStart: 0.01, cosineEnd: 0.1 },
    dropPath: 0.1,
    batchSize: 32,
  },
  compact: {
    karst: { rank: 8, factor: 8, kernels: 2, alpha: 1, init: 'kaiming', rescale: 'scalar' },
    optimizer: { learningRate: 1e-3, weightDecay: 1e-4, decayOn: 'all', clipNorm: 0 },
    schedule: { epochs: 100, warmupEpochs: 10, warmupStart: 0.01, cosineEnd: 0.1 },
    dropPath: 0.1,
    batchSize: 32,
  },
} as const satisfies Record<string, SomeSettings>;
export type PresetName = keyof typeof PRESETS;

/** Updates of the optimizer that one pass over so many training images takes; the last may be of fewer images. */
export function updatesPerEpoch(
  images: number,
  { batchSize, accumulate }: Pick<TrainingConfig, 'batchSize' | 'accumulate'>,
): number {
  return Math.ceil(Math.ceil(images / Math.max(1, batchSize)) / Math.max(1, accumulate));
}
