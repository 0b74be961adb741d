import * as v from 'valibot';
import { openRuntime } from '../../../main/engine/runtime/open-runtime.ts';
import { imageShape } from '../../../main/engine/model/model.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { prepareTraining } from '../../../main/engine/train/prepare.ts';
import { makeUpdate, targetSet } from '../../../main/engine/train/update.ts';
import { sizeOf } from '../../../main/graph/tensor.ts';
import { singleLabel as task } from '../../../main/tasks/single-label.ts';
import { inspectBackbone } from '../../../main/host/services/backbones/inspection.ts';
import type { Method } from '../../../shared/methods/registry.ts';
import { completeConfig } from '../../../shared/training/config.ts';

/**
 * A process that trains for two steps on grey images: subject.ts WEIGHTS HEADS METHOD BATCH
 * CLASSES. Answers `{"peakBytes", "kernels"}`: the peak memory up to the end of the second step,
 * and the ISA of its kernels.
 */
const [weights = '', heads = '', method = '', batch = '', classCount = ''] = process.argv.slice(2);
const batchSize = Number(batch);
const classes = Number(classCount);
const config = completeConfig({ method: method as Method, batchSize });

const runtime = await openRuntime();
const { architecture, preprocessing } = await inspectBackbone(weights, { heads: Number(heads) });
const reference = { path: weights, sha256: '', name: 'subject', architecture, preprocessing };

/**
 * Sets the variables and drops the values they were set from, as a training does before its first
 * step.
 */
async function prepare() {
  const { initial, ...prepared } = await prepareTraining(
    reference,
    config,
    { task, classes },
    runtime,
    0,
  );
  await new ModelState(prepared.session, prepared.groups).set(initial, null);
  return prepared;
}

const { model, session, noise, featureExtractor } = await prepare();
if (featureExtractor !== null) {
  const size = batchSize * sizeOf(imageShape(architecture));
  await featureExtractor.run('features', { images: new Float32Array(size).fill(0.5) });
}
const indices = Int32Array.from({ length: batchSize }, (_, i) => i);
const targets = [...indices].map((i) => v.parse(task.spec.target, { labels: [i % classes] }));
const pixels = new Float32Array(batchSize * sizeOf(model.input)).fill(0.5);
const group = [{ pixels, indices, count: batchSize, partners: indices, lambda: 1, problems: [] }];
const parts = {
  ...{ session, noise, config, task },
  targets: targetSet(task, targets, classes, config),
};
for (const step of [0, 1])
  await makeUpdate(parts, group, { epoch: 0, batch: 0, step, learningRate: 1e-3 });
// Kilobytes on every platform.
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ peakBytes, kernels: runtime.device.kernels }));
