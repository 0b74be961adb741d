import { above, below, flag, oneOf, real, whole, type FieldValue } from '../fields/field.ts';
import { group, type OptionsOf } from '../fields/group.ts';
import { DEFAULT_METHOD, METHOD_NAMES, methodSpec, type Method } from '../methods/registry.ts';

/**
 * The settings common to all methods; a method's own options are in `shared/methods`. Some defaults
 * depend on the method: `method-defaults.ts`.
 */

type ValueOf = (name: string) => FieldValue;

const scopeOf = (valueOf: ValueOf) => methodSpec(valueOf('method') as Method).scope;
const trainsModel = (valueOf: ValueOf): boolean => scopeOf(valueOf) === 'model';
const trainsBlocks = (valueOf: ValueOf): boolean => scopeOf(valueOf) !== 'head';

export const schedule = group({
  epochs: whole(1, 100_000, {
    default: 20,
    usual: [1, 1000],
    section: 'basics',
    help: 'How many times all training images are seen. A finished run can be given more.',
    affects: ['results', 'speed'],
  }),
  warmupEpochs: real(0, 100_000, {
    default: 1,
    usual: [0, 100],
    off: 0,
    step: 1,
    unit: 'epochs',
    help: 'Epochs in which the learning rate rises to its full size.',
    affects: ['results'],
  }),
  warmupStart: real(0, 1, {
    default: 0.01,
    step: 0.01,
    help: 'Fraction of the learning rate at which the warm-up begins.',
    affects: ['results'],
    matters: (valueOf) => valueOf('schedule.warmupEpochs') !== 0,
  }),
  cosineEnd: real(0, 1, {
    default: 0.01,
    step: 0.01,
    help: 'Fraction of the learning rate that is left at the end of the cosine schedule.',
    affects: ['results'],
  }),
});

export const optimizer = group({
  name: oneOf(['adamw', 'muon'], {
    default: 'adamw',
    short: ['optimizer'],
    help: 'How weights are updated from their gradients. Muon suits the large matrices of full fine-tuning.',
    affects: ['results', 'speed', 'memory'],
    matters: trainsModel,
  }),
  learningRate: above(0, 10, {
    default: 1e-3,
    usual: [1e-6, 0.02],
    section: 'basics',
    short: ['lr', 'learningRate'],
    step: 'tenth',
    help: 'Size of the updates. Too large diverges, too small learns slowly. Each method has its own default.',
    affects: ['results'],
  }),
  muonLearningRate: above(0, 10, {
    default: 0.02,
    usual: [1e-4, 0.1],
    step: 'tenth',
    help: 'Size of the updates of the matrices that Muon trains; 0.02 is usual.',
    affects: ['results'],
    matters: (valueOf) => trainsModel(valueOf) && valueOf('optimizer.name') === 'muon',
  }),
  weightDecay: real(0, 10, {
    default: 1e-4,
    usual: [0, 0.3],
    step: 'tenth',
    help: 'Pulls weights towards zero. More of it helps against overfitting.',
    affects: ['results'],
  }),
  decayOn: oneOf(['matrices', 'all'], {
    default: 'matrices',
    help: 'Which weights decay: the matrices alone, as is usual, or biases and factors too.',
    affects: ['results'],
    matters: (valueOf) => valueOf('optimizer.weightDecay') !== 0,
  }),
  clipNorm: real(0, 1e6, {
    default: 1,
    usual: [0, 100],
    off: 0,
    step: 0.5,
    help: 'Gradients with a larger global norm are scaled down to it, so that one odd batch does no harm. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
  beta1: below(0, 1, {
    default: 0.9,
    usual: [0.5, 0.99],
    step: 0.01,
    help: 'Decay rate of the first moment, the running mean of gradients.',
    affects: ['results'],
  }),
  beta2: below(0, 1, {
    default: 0.999,
    usual: [0.9, 0.9999],
    step: 0.001,
    help: 'Decay rate of the second moment, the running mean of squared gradients.',
    affects: ['results'],
  }),
  epsilon: above(0, 1, {
    default: 1e-8,
    usual: [1e-10, 1e-3],
    step: 'tenth',
    help: 'Added to the denominator of the update, for numerical stability.',
    affects: ['results'],
  }),
});

export const augmentation = group({
  flip: flag({
    default: false,
    off: false,
    help: 'Flips each image left to right with probability 0.5. Leave it off where left and right mean something, as in writing.',
    affects: ['results'],
  }),
  cropScaleMin: above(0, 1, {
    default: 1,
    usual: [0.05, 1],
    off: 1,
    step: 0.05,
    help: 'Smallest fraction of the image area that a random crop keeps. 1 switches cropping off.',
    affects: ['results', 'speed'],
  }),
  padCrop: whole(0, 1024, {
    default: 0,
    usual: [0, 64],
    off: 0,
    unit: 'pixels',
    help: 'Shifts each image by up to this many pixels, padded with black. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
  rotation: real(0, 180, {
    default: 0,
    off: 0,
    step: 5,
    unit: 'degrees',
    help: 'Rotates each image by up to this many degrees either way. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
  colorJitter: real(0, 1, {
    default: 0,
    off: 0,
    step: 0.05,
    help: 'How much brightness, contrast and saturation vary. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
  randAugmentOps: whole(0, 16, {
    default: 0,
    usual: [0, 4],
    off: 0,
    help: 'How many random operations from RandAugment’s list each image gets. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
  randAugmentMagnitude: real(0, 10, {
    default: 5,
    step: 1,
    help: 'How strong these operations are, from 0 to 10.',
    affects: ['results'],
    matters: (valueOf) => valueOf('augmentation.randAugmentOps') !== 0,
  }),
  mixup: real(0, 100, {
    default: 0,
    usual: [0, 2],
    off: 0,
    step: 0.1,
    help: 'Blends pairs of images and their labels; larger values blend more evenly. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
});

export const MATMUL_PRECISIONS = ['high', 'highest'] as const;

export const common = group({
  method: oneOf(METHOD_NAMES, {
    default: DEFAULT_METHOD,
    section: 'basics',
    help: 'Which parameters are trained: a small adapter, the classifier alone, or all weights.',
    affects: ['results', 'speed', 'memory'],
  }),
  batchSize: whole(1, 65_536, {
    default: 32,
    usual: [1, 1024],
    section: 'basics',
    help: 'Images per step. A larger batch needs more memory and makes steps steadier.',
    affects: ['results', 'speed', 'memory'],
  }),
  imageSize: whole(0, 4096, {
    default: 0,
    usual: [0, 1024],
    section: 'basics',
    unit: 'pixels',
    step: 16,
    help: 'Side of the input images in pixels, a multiple of the patch size. 0 is the size that the backbone’s own files prepare images in.',
    affects: ['results', 'speed', 'memory'],
  }),
  accumulate: whole(1, 65_536, {
    default: 1,
    usual: [1, 256],
    section: 'optimizer',
    help: 'Batches whose gradients are summed before one update: a large batch in little memory.',
    affects: ['results', 'speed', 'memory'],
  }),
  earlyStopping: whole(0, 100_000, {
    default: 0,
    usual: [0, 100],
    off: 0,
    section: 'schedule',
    unit: 'epochs',
    help: 'Ends the run after this many epochs without a better validation score. 0 switches it off.',
    affects: ['results', 'speed'],
  }),
  labelSmoothing: below(0, 1, {
    default: 0,
    usual: [0, 0.4],
    off: 0,
    step: 0.05,
    section: 'regularization',
    help: 'Softens the target labels, which helps when some of them are wrong. 0.1 is usual.',
    affects: ['results'],
  }),
  dropPath: below(0, 1, {
    default: 0,
    usual: [0, 0.6],
    off: 0,
    step: 0.05,
    section: 'regularization',
    help: 'Probability with which a block is skipped in training, largest in the last one. Helps against overfitting.',
    affects: ['results', 'speed'],
    matters: trainsBlocks,
  }),
  patchDrop: real(0, 0.9, {
    default: 0,
    off: 0,
    step: 0.05,
    section: 'regularization',
    help: 'Fraction of patches dropped from each training image, except in the last epochs. Faster, at some cost in accuracy.',
    affects: ['results', 'speed', 'memory'],
    matters: trainsBlocks,
  }),
  classWeightPower: real(0, 1, {
    default: 0,
    off: 0,
    step: 0.1,
    section: 'regularization',
    help: 'How much rare classes count: 0 weights every image equally, 1 every class.',
    affects: ['results'],
  }),
  /**
   * As PyTorch names it: `high` as three products of bfloat16 parts where the processor multiplies these faster
   * (error up to 3 · 2⁻¹⁶ of |a| |b|), `highest` always in float32.
   */
  matmulPrecision: oneOf(MATMUL_PRECISIONS, {
    default: 'high',
    section: 'run',
    help: 'High is faster: in float32 on most processors, within 1/65,536 of it on those with AMX. Highest always stays in float32.',
    affects: ['results', 'speed'],
  }),
  seed: whole(0, Number.MAX_SAFE_INTEGER, {
    default: 0,
    section: 'run',
    help: 'Seed of every random draw. The same seed and settings reproduce the run.',
    affects: ['results'],
  }),
  initialize: oneOf(['backbone', 'random'], {
    default: 'backbone',
    section: 'run',
    help: 'The backbone’s pre-trained weights, or random ones to train its architecture from scratch.',
    affects: ['results'],
    matters: trainsModel,
  }),
  validateEvery: whole(1, 100_000, {
    default: 1,
    usual: [1, 100],
    section: 'run',
    unit: 'epochs',
    help: 'Epochs between validations.',
    affects: ['speed'],
  }),
  /** The end of an epoch may write one earlier: after five seconds, or for the best so far. */
  checkpointEverySeconds: real(1, 1e9, {
    default: 60,
    usual: [5, 3600],
    section: 'run',
    unit: 'seconds',
    step: 30,
    help: 'Seconds between checkpoints. A crash loses no more than this.',
    affects: ['speed'],
  }),
  keepCheckpoints: whole(1, 1000, {
    default: 2,
    usual: [1, 50],
    section: 'run',
    help: 'How many checkpoints are kept beside the best one.',
    affects: [],
  }),
  gradientCheckpointing: oneOf(['auto', 'always', 'never'], {
    default: 'auto',
    section: 'run',
    help: 'Recomputes activations of the first blocks in the backward pass instead of keeping them: less memory, longer steps, the same result.',
    affects: ['speed', 'memory'],
    matters: trainsBlocks,
  }),
});

export type ScheduleOptions = OptionsOf<typeof schedule>;
export type OptimizerOptions = OptionsOf<typeof optimizer>;
export type AugmentationOptions = OptionsOf<typeof augmentation>;
export type CommonSettings = OptionsOf<typeof common>;
