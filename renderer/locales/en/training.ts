import { karst } from '../../../shared/methods/karst.ts';
import { lora } from '../../../shared/methods/lora.ts';
import { settingWords } from '../setting-words.ts';

/** Words for the settings of a run, under the names that the settings have. */
export const training = {
  group: {
    basics: 'Basics',
    karst: 'KARST',
    lora: 'LoRA',
    optimizer: 'Optimizer',
    schedule: 'Schedule',
    augmentation: 'Augmentation',
    regularisation: 'Regularization',
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
      text: 'Small Kronecker matrices beside the frozen weights. Close to full fine-tuning, in a small file.',
    },
    lora: {
      name: 'LoRA',
      text: 'Two thin matrices beside each frozen weight. Widely used; a small file that merges.',
    },
    linear: {
      name: 'Linear probe',
      text: 'Trains only a new classifier. The quickest; enough when the backbone already knows such images.',
    },
    full: {
      name: 'Full fine-tuning',
      text: 'Trains every weight of the backbone. The most capable; needs the most memory, images and care.',
    },
  },
  setting: {
    method: {
      name: 'Method',
      text: 'Which parameters are trained: a small adapter, the classifier alone, or all weights.',
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
    lora: settingWords(lora.options, {
      rank: 'Rank',
      alpha: 'Alpha',
      rankStabilized: 'Rank-stabilized',
      dropout: 'Dropout',
      targetModules: 'Adapted layers',
    }),
    optimizer: {
      name: {
        name: 'Optimizer',
        text: 'How weights are updated from their gradients. Muon suits the large matrices of full fine-tuning.',
      },
      learningRate: {
        name: 'Learning rate',
        text: 'Size of the updates. Too large diverges, too small learns slowly; 0.001 suits adapters, 0.00005 full fine-tuning.',
      },
      muonLearningRate: {
        name: 'Muon learning rate',
        text: 'Size of the updates of the matrices that Muon trains; 0.02 is usual.',
      },
      weightDecay: {
        name: 'Weight decay',
        text: 'Pulls weights towards zero. More of it helps against overfitting.',
      },
      decayOn: {
        name: 'Weight decay on',
        text: 'Which weights decay: the matrices alone, as is usual, or biases and factors too.',
      },
      beta1: {
        name: 'Beta 1',
        text: 'Decay rate of the first moment, the running mean of gradients.',
      },
      beta2: {
        name: 'Beta 2',
        text: 'Decay rate of the second moment, the running mean of squared gradients.',
      },
      epsilon: {
        name: 'Epsilon',
        text: 'Added to the denominator of the update, for numerical stability.',
      },
      clipNorm: {
        name: 'Gradient clipping (max norm)',
        text: 'Gradients with a larger global norm are scaled down to it, so that one odd batch does no harm. 0 switches it off.',
      },
    },
    schedule: {
      epochs: {
        name: 'Epochs',
        text: 'How many times all training images are seen. A finished run can be given more.',
      },
      warmupEpochs: {
        name: 'Warm-up epochs',
        text: 'Epochs in which the learning rate rises to its full size.',
      },
      warmupStart: {
        name: 'Initial LR factor',
        text: 'Fraction of the learning rate at which the warm-up begins.',
      },
      cosineEnd: {
        name: 'Final LR factor',
        text: 'Fraction of the learning rate that is left at the end of the cosine schedule.',
      },
    },
    augmentation: {
      cropScaleMin: {
        name: 'Random resized crop, min scale',
        text: 'Smallest fraction of the image area that a random crop keeps. 1 switches cropping off.',
      },
      padCrop: {
        name: 'Random shift',
        text: 'Shifts each image by up to this many pixels, padded with black. 0 switches it off.',
      },
      flip: {
        name: 'Horizontal flip',
        text: 'Flips each image left to right with probability 0.5. Leave it off where left and right mean something, as in writing.',
      },
      colorJitter: {
        name: 'Color jitter',
        text: 'How much brightness, contrast and saturation vary. 0 switches it off.',
      },
      rotation: {
        name: 'Rotation',
        text: 'Rotates each image by up to this many degrees either way. 0 switches it off.',
      },
      randAugmentOps: {
        name: 'RandAugment ops (N)',
        text: 'How many random operations from RandAugment’s list each image gets. 0 switches it off.',
      },
      randAugmentMagnitude: {
        name: 'RandAugment magnitude (M)',
        text: 'How strong these operations are, from 0 to 10.',
      },
      mixup: {
        name: 'Mixup',
        text: 'Blends pairs of images and their labels; larger values blend more evenly. 0 switches it off.',
      },
    },
    batchSize: {
      name: 'Batch size',
      text: 'Images per step. A larger batch needs more memory and makes steps steadier.',
    },
    accumulate: {
      name: 'Gradient accumulation steps',
      text: 'Batches whose gradients are summed before one update: a large batch in little memory.',
    },
    labelSmoothing: {
      name: 'Label smoothing',
      text: 'Softens the target labels, which helps when some of them are wrong. 0.1 is usual.',
    },
    dropPath: {
      name: 'Drop path',
      text: 'Probability with which a block is skipped in training, largest in the last one. Helps against overfitting.',
    },
    patchDrop: {
      name: 'Patch dropout',
      text: 'Fraction of patches dropped from each training image, except in the last epochs. Faster, at some cost in accuracy.',
    },
    classWeightPower: {
      name: 'Class weights',
      text: 'How much rare classes count: 0 weights every image equally, 1 every class.',
    },
    earlyStopping: {
      name: 'Early stopping',
      text: 'Ends the run after this many epochs without a better validation score. 0 switches it off.',
    },
    imageSize: {
      name: 'Image size',
      text: 'Side of the input images in pixels, a multiple of the patch size. 0 is the backbone’s own.',
    },
    initialise: {
      name: 'Initial weights',
      text: 'The backbone’s pre-trained weights, or random ones to train its architecture from scratch.',
    },
    matmulPrecision: {
      name: 'Matmul precision',
      text: 'High is faster: in float32 on most processors, within 1/65,536 of it on those with AMX. Highest always stays in float32.',
    },
    seed: {
      name: 'Random seed',
      text: 'Seed of every random draw. The same seed and settings reproduce the run.',
    },
    checkpointEverySeconds: {
      name: 'Checkpoint every',
      text: 'Seconds between checkpoints. A crash loses no more than this.',
    },
    keepCheckpoints: {
      name: 'Checkpoints kept',
      text: 'How many checkpoints are kept beside the best one.',
    },
    validateEvery: {
      name: 'Validate every',
      text: 'Epochs between validations.',
    },
    recompute: {
      name: 'Gradient checkpointing',
      text: 'Recomputes activations of the first blocks in the backward pass instead of keeping them: less memory, longer steps, the same result.',
    },
  },
  choice: {
    method: { karst: 'KARST', lora: 'LoRA', linear: 'Linear probe', full: 'Full fine-tuning' },
    karst: {
      init: { gaussian: 'Gaussian', kaiming: 'Kaiming, as published' },
      rescale: { none: 'None', scalar: 'One number', channel: 'One per channel' },
    },
    optimizer: {
      name: { adamw: 'AdamW', muon: 'Muon' },
      decayOn: { matrices: 'Matrices', all: 'All weights' },
    },
    targetModules: {
      'attn-qkv': 'Query, key, value',
      'attn-proj': 'Attention output',
      'mlp-fc1': 'MLP in',
      'mlp-fc2': 'MLP out',
    },
    initialise: { backbone: 'Pre-trained', random: 'Random' },
    matmulPrecision: { high: 'High', highest: 'Highest' },
    recompute: { auto: 'When memory is short', always: 'Always', never: 'Never' },
  },
  unit: { pixels: 'px', degrees: '°', epochs: 'epochs | epoch | epochs', seconds: 's' },
};
