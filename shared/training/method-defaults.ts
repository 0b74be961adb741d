import type { Method } from '../methods/registry.ts';
import type { AugmentationOptions, OptimizerOptions, ScheduleOptions } from './fields.ts';

/** What each method brings with it; every other default is that of its field. */
export interface MethodDefaults {
  readonly optimizer: Pick<OptimizerOptions, 'learningRate'>;
  readonly schedule: Pick<ScheduleOptions, 'epochs' | 'warmupEpochs'>;
  /** Flips are left out where the names of the classes speak against them. */
  readonly augmentation: Pick<AugmentationOptions, 'cropScaleMin' | 'flip'>;
}

/** Inputs of so few pixels a side: the starter's, and what is small like it. */
export const SMALL_INPUT = 64;

/**
 * A backbone for small inputs knows little of photographs and has to be moved further: these rates
 * were chosen on the starter. At them a large backbone forgets what it knows.
 */
export const SMALL_INPUT_RATES: Readonly<Record<Method, number>> = {
  karst: 0.01,
  lora: 0.01,
  linear: 0.03,
  full: 1e-3,
};

export const METHOD_DEFAULTS: Readonly<Record<Method, MethodDefaults>> = {
  karst: defaults(2e-3, { cropScaleMin: 0.6, flip: true }),
  lora: defaults(1e-3, { cropScaleMin: 0.6, flip: false }),
  linear: defaults(1e-3, { cropScaleMin: 1, flip: false }),
  full: defaults(3e-4, { cropScaleMin: 0.6, flip: false }),
};

function defaults(
  learningRate: number,
  augmentation: MethodDefaults['augmentation'],
  schedule: MethodDefaults['schedule'] = { epochs: 20, warmupEpochs: 1 },
): MethodDefaults {
  return { optimizer: { learningRate }, schedule, augmentation };
}
