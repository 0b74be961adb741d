import type { Method } from '../methods/registry.ts';
import type { AugmentationOptions, OptimizerOptions, ScheduleOptions } from './fields.ts';

/** What each method brings with it; every other default is that of its field. */
export interface MethodDefaults {
  readonly optimizer: Pick<OptimizerOptions, 'learningRate'>;
  readonly schedule: Pick<ScheduleOptions, 'epochs' | 'warmupEpochs'>;
  /** Flips are left out where the names of the classes speak against them. */
  readonly augmentation: Pick<AugmentationOptions, 'cropScaleMin' | 'flip'>;
}

export const METHOD_DEFAULTS: Readonly<Record<Method, MethodDefaults>> = {
  karst: defaults(0.01, { cropScaleMin: 0.6, flip: true }),
  lora: defaults(1e-3, { cropScaleMin: 1, flip: false }),
  linear: defaults(1e-3, { cropScaleMin: 1, flip: false }),
  full: defaults(3e-4, { cropScaleMin: 1, flip: false }),
};

function defaults(
  learningRate: number,
  augmentation: MethodDefaults['augmentation'],
  schedule: MethodDefaults['schedule'] = { epochs: 20, warmupEpochs: 1 },
): MethodDefaults {
  return { optimizer: { learningRate }, schedule, augmentation };
}
