import { TRAINING_DEFAULTS, type TrainingConfig } from '../../shared/domain/training.ts';
import { openRuntime } from '../../main/engine/runtime/open-runtime.ts';
import { randomStream } from '../../main/engine/random.ts';
import { ModelState } from '../../main/engine/programs/model-state.ts';
import { prepareTraining } from '../../main/engine/train/prepare.ts';
import { singleLabel as task } from '../../main/tasks/single-label.ts';
import { makeUpdate, targetSet } from '../../main/engine/train/update.ts';
import { answerSteps } from './step-answers.ts';
import { KARST_DEFAULTS } from '../../shared/methods/karst.ts';

/**
 * Training step of ViT-Tiny/16 with random weights on noise, as a `Subject`. Arguments: BATCH SIDE
 * RANK KERNELS.
 */

const [batchSize = 0, imageSize = 0, rank = 0, kernels = 0] = process.argv.slice(2).map(Number);
const CLASSES = 100;
const TINY = {
  ...{ family: 'vit' as const, imageSize: 224, patchSize: 16, width: 192, depth: 12, heads: 3 },
  ...{ mlpDim: 768, qkvBias: true, classes: 0, layerNormEpsilon: 1e-6 },
};
const config: TrainingConfig = {
  ...TRAINING_DEFAULTS,
  ...{ batchSize, imageSize, initialize: 'random' },
  tuning: { method: 'karst', options: { ...KARST_DEFAULTS, rank, kernels } },
};
const reference = {
  ...{ path: null, sha256: '', name: 'vit tiny', architecture: TINY },
  preprocessing: {
    ...{
      imageSize,
      interpolation: 'bicubic' as const,
      cropFraction: 1,
      cropMode: 'center' as const,
    },
    ...{ mean: [0.5, 0.5, 0.5] as const, std: [0.5, 0.5, 0.5] as const },
  },
};

const { session, groups, noise, initial } = await prepareTraining(
  reference,
  config,
  { task, classes: CLASSES },
  await openRuntime(),
  0,
);
await new ModelState(session, groups).set(initial, null);
const labels = Array.from({ length: batchSize }, (_, i) => i % CLASSES);
const targets = targetSet(task, labels, CLASSES, config);
const parts = { session, noise, config, task, targets };
const stream = randomStream(0, 'growth', 'images');
const indices = Int32Array.from(labels.keys());
const batch = {
  pixels: Float32Array.from({ length: batchSize * 3 * imageSize ** 2 }, () => stream.normal()),
  ...{ indices, count: batchSize, partners: indices, lambda: 1, problems: [] },
};
let step = 0;
await answerSteps(async () => {
  const { loss } = await makeUpdate(parts, [batch], {
    epoch: 0,
    batch: 0,
    step,
    learningRate: 1e-3,
  });
  step += 1;
  return loss;
});
