import { adaptformer } from '../../../shared/methods/adaptformer.ts';
import { dora } from '../../../shared/methods/dora.ts';
import { fact } from '../../../shared/methods/fact.ts';
import { karst } from '../../../shared/methods/karst.ts';
import { lokr } from '../../../shared/methods/lokr.ts';
import { lora } from '../../../shared/methods/lora.ts';
import { repadapter } from '../../../shared/methods/repadapter.ts';
import { vpt } from '../../../shared/methods/vpt.ts';
import { augmentation, common, optimizer, schedule } from '../../../shared/training/fields.ts';
import { settingWords } from '../setting-words.ts';

/** Words for the settings of a run, under the names that the settings have. */
export const training = {
  group: {
    basics: 'Basics',
    karst: 'KARST',
    lora: 'LoRA',
    dora: 'DoRA',
    lokr: 'LoKr',
    fact: 'FacT-TT',
    repadapter: 'RepAdapter',
    vpt: 'VPT-deep',
    adaptformer: 'AdaptFormer',
    optimizer: 'Optimizer',
    schedule: 'Schedule',
    augmentation: 'Augmentation',
    regularization: 'Regularization',
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
    dora: {
      name: 'DoRA',
      text: 'LoRA that trains the length of each row of a weight apart from its direction.',
    },
    lokr: {
      name: 'LoKr',
      text: 'One Kronecker product beside each frozen weight. The smallest file of the adapters.',
    },
    fact: {
      name: 'FacT-TT',
      text: 'Two thin matrices shared by the whole network, and a small square for each weight.',
    },
    repadapter: {
      name: 'RepAdapter',
      text: 'A narrow linear layer before attention and MLP, which merges into what follows it.',
    },
    ssf: {
      name: 'SSF',
      text: 'Scales and shifts what each layer puts out, channel by channel.',
    },
    difffit: {
      name: 'DiffFit',
      text: 'Trains biases and norms, and a factor for each channel of each branch.',
    },
    bitfit: {
      name: 'BitFit',
      text: 'Trains the biases alone. Hard to spoil, and a very small file.',
    },
    lntune: {
      name: 'LN-tune',
      text: 'Trains the layer norms alone. The fewest parameters beside the classifier.',
    },
    vpt: {
      name: 'VPT-deep',
      text: 'Trained tokens beside the patches in each block. Cannot be merged; exports carry them.',
    },
    adaptformer: {
      name: 'AdaptFormer',
      text: 'A narrow network beside each MLP. Cannot be merged; exports carry it as extra layers.',
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
    ...settingWords(common, {
      method: 'Method',
      batchSize: 'Batch size',
      accumulate: 'Gradient accumulation steps',
      labelSmoothing: 'Label smoothing',
      dropPath: 'Drop path',
      patchDrop: 'Patch dropout',
      classWeightPower: 'Class weights',
      earlyStopping: 'Early stopping',
      imageSize: 'Image size',
      initialize: 'Initial weights',
      matmulPrecision: 'Matmul precision',
      seed: 'Random seed',
      checkpointEverySeconds: 'Checkpoint every',
      keepCheckpoints: 'Checkpoints kept',
      validateEvery: 'Validate every',
      gradientCheckpointing: 'Gradient checkpointing',
    }),
    karst: settingWords(karst.options, {
      rank: 'Rank',
      kernels: 'Kernels',
      factor: 'Factor',
      alpha: 'Alpha',
      init: 'Initialization',
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
    dora: settingWords(dora.options, {
      rank: 'Rank',
      alpha: 'Alpha',
      rankStabilized: 'Rank-stabilized',
      targetModules: 'Adapted layers',
    }),
    lokr: settingWords(lokr.options, {
      rank: 'Rank',
      alpha: 'Alpha',
      factor: 'Factor',
      decomposeBoth: 'Both factors of low rank',
      targetModules: 'Adapted layers',
    }),
    fact: settingWords(fact.options, { rank: 'Rank', scale: 'Scale' }),
    repadapter: settingWords(repadapter.options, { hidden: 'Bottleneck width', scale: 'Scale' }),
    vpt: settingWords(vpt.options, { prompts: 'Prompts' }),
    adaptformer: settingWords(adaptformer.options, {
      bottleneck: 'Bottleneck width',
      scale: 'Scale',
    }),
    optimizer: settingWords(optimizer, {
      name: 'Optimizer',
      learningRate: 'Learning rate',
      muonLearningRate: 'Muon learning rate',
      weightDecay: 'Weight decay',
      decayOn: 'Weight decay on',
      beta1: 'Beta 1',
      beta2: 'Beta 2',
      epsilon: 'Epsilon',
      clipNorm: 'Gradient clipping (max norm)',
    }),
    schedule: settingWords(schedule, {
      epochs: 'Epochs',
      warmupEpochs: 'Warm-up epochs',
      warmupStart: 'Initial LR factor',
      cosineEnd: 'Final LR factor',
    }),
    augmentation: settingWords(augmentation, {
      cropScaleMin: 'Random resized crop, min scale',
      padCrop: 'Random shift',
      flip: 'Horizontal flip',
      colorJitter: 'Color jitter',
      rotation: 'Rotation',
      randAugmentOps: 'RandAugment ops (N)',
      randAugmentMagnitude: 'RandAugment magnitude (M)',
      mixup: 'Mixup',
    }),
  },
  choice: {
    method: {
      karst: 'KARST',
      lora: 'LoRA',
      dora: 'DoRA',
      lokr: 'LoKr',
      fact: 'FacT-TT',
      repadapter: 'RepAdapter',
      ssf: 'SSF',
      difffit: 'DiffFit',
      bitfit: 'BitFit',
      lntune: 'LN-tune',
      vpt: 'VPT-deep',
      adaptformer: 'AdaptFormer',
      linear: 'Linear probe',
      full: 'Full fine-tuning',
    },
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
    initialize: { backbone: 'Pre-trained', random: 'Random' },
    matmulPrecision: { high: 'High', highest: 'Highest' },
    gradientCheckpointing: { auto: 'When memory is short', always: 'Always', never: 'Never' },
  },
  unit: { pixels: 'px', degrees: '°', epochs: 'epochs | epoch | epochs', seconds: 's' },
};
