import {
  METHOD_DEFAULTS,
  methodSpec,
  type Method,
  type MethodGroups,
} from '../methods/registry.ts';
import { withCurrentNames } from '../training/names.ts';

export interface AugmentationOptions {
  /** Random resized crop: smallest area kept, 1 switches it off. */
  readonly cropScaleMin: number;
  /** Random translation by up to this many pixels of the model's input (zero padding), as CIFAR recipes use; 0 = off. */
  readonly padCrop: number;
  readonly flip: boolean;
  /** Brightness, contrast and saturation jitter, 0..1. */
  readonly colorJitter: number;
  /** Largest rotation in degrees. */
  readonly rotation: number;
  /** RandAugment: number of operations per image (0 = off) and magnitude 0..10. */
  readonly randAugmentOps: number;
  readonly randAugmentMagnitude: number;
  /** Mixup's Beta parameter; 0 = off. */
  readonly mixup: number;
}

/**
 * How float32 products are made in training and its validations, named as PyTorch names it: `high` as three products of
 * bfloat16 parts where the processor multiplies these faster (error up to 3 · 2⁻¹⁶ of |a| |b|), `highest` always in float32.
 */
export const MATMUL_PRECISIONS = ['high', 'highest'] as const;
export type MatmulPrecision = (typeof MATMUL_PRECISIONS)[number];

export const OPTIMIZERS = ['adamw', 'muon'] as const;

export interface OptimizerOptions {
  /** `muon`: Muon for the matrices of the blocks, AdamW for everything else; for the method full. */
  readonly name: (typeof OPTIMIZERS)[number];
  readonly learningRate: number;
  /** Of the matrices that Muon trains; warmed up and lowered as `learningRate` is. */
  readonly muonLearningRate: number;
  readonly weightDecay: number;
  /** `matrices`: no decay on biases, norms, re-scaling. `all`: one group, as the oracle has it. */
  readonly decayOn: 'matrices' | 'all';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest global gradient norm; 0 = no clipping. */
  readonly clipNorm: number;
}

export interface ScheduleOptions {
  readonly epochs: number;
  readonly warmupEpochs: number;
  /** Fractions of the learning rate at which warm-up starts and the cosine ends. */
  readonly warmupStart: number;
  readonly cosineEnd: number;
}

/** Whether blocks are computed again in the backward pass rather than kept: `auto` when memory is short. */
export const RECOMPUTE = ['auto', 'always', 'never'] as const;

export interface TrainingConfig extends MethodGroups {
  readonly method: Method;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly augmentation: AugmentationOptions;
  readonly batchSize: number;
  readonly matmulPrecision: MatmulPrecision;
  /** Batches whose gradients are summed before one update. */
  readonly accumulate: number;
  readonly labelSmoothing: number;
  /** Largest drop-path probability; grows linearly with depth. */
  readonly dropPath: number;
  /** Share of the patches that each image is trained without, except in the last epochs; 0 = off. */
  readonly patchDrop: number;
  /** Power of the inverse class frequency used as class weight: 0 = off, 1 = fully balanced. */
  readonly classWeightPower: number;
  /** Epochs without a better validation score after which the run ends; 0 = never. */
  readonly earlyStopping: number;
  /** Side of the training images; must be a multiple of the patch size. 0 = the backbone's own. */
  readonly imageSize: number;
  /** `backbone`: its weights. `random`: its shape only (training from scratch, with method full). */
  readonly initialise: 'backbone' | 'random';
  readonly seed: number;
  /** Seconds between checkpoints. The end of an epoch writes one sooner: after five, or when it is the best so far. */
  readonly checkpointEverySeconds: number;
  /** How many checkpoints are kept beside the best. */
  readonly keepCheckpoints: number;
  /** Epochs between validations. */
  readonly validateEvery: number;
  /** Takes time and saves memory; it changes no result. */
  readonly recompute: (typeof RECOMPUTE)[number];
}

export const NO_AUGMENTATION: AugmentationOptions = {
  cropScaleMin: 1,
  padCrop: 0,
  flip: false,
  colorJitter: 0,
  rotation: 0,
  randAugmentOps: 0,
  randAugmentMagnitude: 5,
  mixup: 0,
};

/** Whether an epoch shows an image otherwise than the one before. */
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

export const TRAINING_DEFAULTS: TrainingConfig = {
  method: 'karst',
  ...METHOD_DEFAULTS,
  optimizer: {
    name: 'adamw',
    learningRate: 1e-3,
    muonLearningRate: 0.02,
    weightDecay: 1e-4,
    decayOn: 'matrices',
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    clipNorm: 1,
  },
  schedule: { epochs: 20, warmupEpochs: 1, warmupStart: 0.01, cosineEnd: 0.01 },
  augmentation: NO_AUGMENTATION,
  batchSize: 32,
  matmulPrecision: 'high',
  accumulate: 1,
  labelSmoothing: 0,
  dropPath: 0,
  patchDrop: 0,
  classWeightPower: 0,
  earlyStopping: 0,
  imageSize: 0,
  initialise: 'backbone',
  seed: 0,
  checkpointEverySeconds: 60,
  keepCheckpoints: 2,
  validateEvery: 1,
  recompute: 'auto',
};

/**
 * Whether the features of an image are the same in every epoch: the backbone is frozen as a whole, and nothing random
 * is done to images or tokens. They are computed once then, and each epoch trains the classifier on them.
 */
export function keepsFeatures(config: TrainingConfig): boolean {
  const headAlone = methodSpec(config.method).scope === 'head';
  return headAlone && config.patchDrop === 0 && !isAugmented(config.augmentation);
}

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;
export type TrainingOverrides = DeepPartial<TrainingConfig>;

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
} as const satisfies Record<string, TrainingOverrides>;
export type PresetName = keyof typeof PRESETS;

/**
 * Settings as an earlier version wrote them, under the names that they have now, with the standard value of each that it did not know yet: what was not
 * there did not happen.
 */
export function completeConfig(before: TrainingOverrides): TrainingConfig {
  const stored = withCurrentNames(before) as TrainingOverrides;
  const d = TRAINING_DEFAULTS;
  return {
    ...d,
    ...stored,
    ...completeOptions(stored),
    optimizer: { ...d.optimizer, ...stored.optimizer },
    schedule: { ...d.schedule, ...stored.schedule },
    augmentation: { ...d.augmentation, ...stored.augmentation },
  };
}

function completeOptions(stored: { readonly [M in keyof MethodGroups]?: object }): MethodGroups {
  const names = Object.keys(METHOD_DEFAULTS) as (keyof MethodGroups)[];
  const groups = names.map((name) => [name, { ...METHOD_DEFAULTS[name], ...stored[name] }]);
  return Object.fromEntries(groups) as MethodGroups;
}

/** Updates of the optimizer that one pass over so many training images takes; the last may be of fewer images. */
export function updatesPerEpoch(
  images: number,
  { batchSize, accumulate }: Pick<TrainingConfig, 'batchSize' | 'accumulate'>,
): number {
  return Math.ceil(Math.ceil(images / Math.max(1, batchSize)) / Math.max(1, accumulate));
}
