import { karst } from '../../../shared/methods/karst.ts';
import { settingWords } from '../setting-words.ts';

/** Words for the settings of a run, under the names that the settings have. */
export const training = {
  group: {
    basics: 'Basics',
    karst: 'KARST',
    optimiser: 'Optimiser',
    schedule: 'Schedule',
    augmentation: 'Augmentation',
    regularisation: 'Regularisation',
    run: 'Run',
  },
  preset: {
    standard: {
      name: 'Standard',
      text: 'Two kernels, 20 epochs. A good start for most collections of images.',
    },
    'paper-code': {
      name: 'As published',
      text: 'The settings of the published code: eight kernels, 100 epochs.',
    },
    compact: {
      name: 'Compact',
      text: 'As published, with two kernels: a quarter of the parameters.',
    },
  },
  method: {
    karst: {
      name: 'KARST',
      text: 'Small Kronecker matrices beside the frozen weights. Nearly as able as full training, in a small file.',
    },
    linear: {
      name: 'Linear',
      text: 'Only a new last layer. The quickest; enough when the backbone knows such images already.',
    },
    full: {
      name: 'Full',
      text: 'Every weight of the backbone. The most able; needs the most memory, images and care.',
    },
  },
  setting: {
    method: {
      name: 'Method',
      text: 'Which numbers are trained: a small adapter, the last layer alone, or everything.',
    },
    karst: settingWords(karst.options, {
      rank: 'Rank',
      kernels: 'Kernels',
      factor: 'Factor',
      alpha: 'Alpha',
      init: 'Initialisation',
      rescale: 'Re-scaling',
      rankDropout: 'Rank dropout',
      targetModules: 'Adapted layers',
    }),
    optimiser: {
      name: {
        name: 'Optimiser',
        text: 'The rule by which weights follow their gradients. Muon suits the large matrices of full training.',
      },
      learningRate: {
        name: 'Learning rate',
        text: 'Size of the steps. Too large diverges, too small learns slowly; 0.001 suits adapters, 0.00005 full training.',
      },
      muonLearningRate: {
        name: 'Learning rate of Muon',
        text: 'Size of the steps for the matrices that Muon trains; 0.02 is usual.',
      },
      weightDecay: {
        name: 'Weight decay',
        text: 'Pulls weights gently towards zero. More of it holds against overfitting.',
      },
      decayOn: {
        name: 'Decay on',
        text: 'Which weights are pulled: the matrices alone, as is usual, or biases and factors too.',
      },
      beta1: {
        name: 'Beta 1',
        text: 'How long the optimiser remembers the direction of earlier steps.',
      },
      beta2: {
        name: 'Beta 2',
        text: 'How long the optimiser remembers the size of earlier gradients.',
      },
      epsilon: {
        name: 'Epsilon',
        text: 'Keeps the division by the gradients’ size from going wild when they are tiny.',
      },
      clipNorm: {
        name: 'Gradient limit',
        text: 'Longer gradients are shortened to this length, so that one odd batch does no harm. 0 switches it off.',
      },
    },
    schedule: {
      epochs: {
        name: 'Epochs',
        text: 'How many times all training images are seen. A finished run can be given more.',
      },
      warmupEpochs: {
        name: 'Warm-up',
        text: 'Epochs in which the learning rate rises to its full size, so that the start is gentle.',
      },
      warmupStart: {
        name: 'Warm-up starts at',
        text: 'Share of the learning rate with which the warm-up begins.',
      },
      cosineEnd: {
        name: 'Ends at',
        text: 'Share of the learning rate that is left at the end; it falls there along a cosine.',
      },
    },
    augmentation: {
      cropScaleMin: {
        name: 'Smallest crop',
        text: 'Smallest share of the image that a random crop keeps. 1 switches cropping off.',
      },
      padCrop: {
        name: 'Shift',
        text: 'Moves each image by up to this many pixels, with black at the edge. 0 switches it off.',
      },
      flip: {
        name: 'Mirror',
        text: 'Mirrors every other image. Leave it off where left and right mean something, as in writing.',
      },
      colourJitter: {
        name: 'Colour change',
        text: 'How much brightness, contrast and saturation vary. 0 switches it off.',
      },
      rotation: {
        name: 'Rotation',
        text: 'Turns each image by up to this many degrees either way. 0 switches it off.',
      },
      randAugmentOps: {
        name: 'RandAugment changes',
        text: 'How many random changes from a fixed list each image gets. 0 switches it off.',
      },
      randAugmentMagnitude: {
        name: 'RandAugment strength',
        text: 'How strong these changes are, from 0 to 10.',
      },
      mixup: {
        name: 'Mixup',
        text: 'Blends pairs of images and their labels; larger values blend more evenly. 0 switches it off.',
      },
    },
    batchSize: {
      name: 'Batch size',
      text: 'How many images make one step. More of them need more memory and make steps steadier.',
    },
    accumulate: {
      name: 'Accumulate',
      text: 'Adds up so many batches before one step: a large batch in little memory.',
    },
    labelSmoothing: {
      name: 'Label smoothing',
      text: 'Takes a little certainty off the labels, which helps when some of them are wrong. 0.1 is usual.',
    },
    dropPath: {
      name: 'Drop path',
      text: 'Chance with which a block is skipped in training, largest in the last one. Helps against overfitting.',
    },
    patchDrop: {
      name: 'Patch dropout',
      text: 'Share of the patches that each image is trained without, except in the last epochs. Faster, with some loss.',
    },
    classWeightPower: {
      name: 'Balance classes',
      text: 'How much rare classes count: 0 leaves every image equal, 1 makes every class equal.',
    },
    earlyStopping: {
      name: 'Early stopping',
      text: 'Ends the run after so many epochs without a better validation. 0 never does.',
    },
    imageSize: {
      name: 'Image size',
      text: 'Side in pixels at which images are seen, a multiple of the patch size. 0 is the backbone’s own.',
    },
    initialise: {
      name: 'Weights at the start',
      text: 'The backbone’s own, or random ones to train its shape from scratch.',
    },
    matmulPrecision: {
      name: 'Precision of products',
      text: 'High is faster: in float32 on most processors, within 1/65,536 of it on those with AMX. Highest always stays in float32.',
    },
    seed: {
      name: 'Seed',
      text: 'Decides every random draw. The same seed and settings give the same run again.',
    },
    checkpointEverySeconds: {
      name: 'Checkpoint every',
      text: 'Seconds between checkpoints; a crash loses no more than this.',
    },
    keepCheckpoints: {
      name: 'Checkpoints kept',
      text: 'How many checkpoints are kept beside the best one.',
    },
    validateEvery: {
      name: 'Validate every',
      text: 'Epochs between two looks at the validation images.',
    },
    recompute: {
      name: 'Recompute blocks',
      text: 'Computes blocks a second time instead of keeping what they made: less memory, longer steps, the same result.',
    },
  },
  choice: {
    method: { karst: 'KARST', linear: 'Linear', full: 'Full' },
    karst: {
      init: { gaussian: 'Gaussian', kaiming: 'Kaiming, as published' },
      rescale: { none: 'None', scalar: 'One number', channel: 'One a channel' },
      targetModules: {
        'attn-qkv': 'Query, key, value',
        'attn-proj': 'Attention output',
        'mlp-fc1': 'MLP in',
        'mlp-fc2': 'MLP out',
      },
    },
    optimiser: {
      name: { adamw: 'AdamW', muon: 'Muon' },
      decayOn: { matrices: 'Matrices', all: 'All weights' },
    },
    initialise: { backbone: 'Of the backbone', random: 'Random' },
    matmulPrecision: { high: 'High', highest: 'Highest' },
    recompute: { auto: 'When memory is short', always: 'Always', never: 'Never' },
  },
  unit: { pixels: 'px', degrees: '°', epochs: 'epochs | epoch | epochs', seconds: 's' },
};
