import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { classifierModel } from '../../../main/engine/model/plain-model.ts';
import type { Model } from '../../../main/engine/model/model.ts';
import type {
  BatchSource,
  EpochOptions,
  ImageBatch,
} from '../../../main/engine/data/batch-source.ts';
import type { Session } from '../../../main/backends/session.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { randomStream, shuffledIndices } from '../../../main/engine/random.ts';
import { FeatureSource } from '../../../main/engine/train/features.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { featureProgram } from '../../../main/engine/programs/features.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import {
  keepsFeatures,
  NO_AUGMENTATION,
  TRAINING_DEFAULTS,
} from '../../../shared/domain/training.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance, randomTensors } from './random-tensors.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { completeConfig } from '../../../shared/training/config.ts';

const CLASSES = 3;
const BATCH = 2;
const backbone = randomTensors(tensorShapes(SMALLEST_VIT, { classes: 0 }), 1, 0.3);
const head = randomTensors(
  new Map([
    ['head.weight', [CLASSES, SMALLEST_VIT.width]],
    ['head.bias', [CLASSES]],
  ]),
  2,
);
const side = SMALLEST_VIT.imageSize;
const images = randomTensors(new Map([['images', [BATCH, 3, side, side]]]), 3).get('images')!;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function featureExtractor(): Promise<Session> {
  const session = new Interpreter(featureProgram(SMALLEST_VIT, BATCH));
  await session.write(backbone);
  return session;
}

/** Returns logits, loss and head after one step. */
async function stepOf(model: Model, input: Float32Array) {
  const { program, groups } = trainingProgram(model, {
    batchSize: BATCH,
    loss: singleLabel.loss,
    optimizer: TRAINING_DEFAULTS.optimizer,
    accumulate: 1,
  });
  const session = new Interpreter(program);
  await session.write(new Map([...backbone].filter(([name]) => model.frozen.has(name))));
  const state = new ModelState(session, groups);
  await state.set(head, null);
  const { loss, logits } = await session.run('train', {
    images: input,
    targets: Float32Array.of(1, 0, 0, 0, 0, 1),
    weights: Float32Array.of(0.5, 0.5),
    scalars: stepScalars(TRAINING_DEFAULTS.optimizer, 0.1, 1),
  });
  const trained = await state.trained();
  await session.dispose();
  return { loss: loss!, logits: logits!, trained };
}

/** Images with features (i, i); the fourth image is unreadable. */
class Numbers implements BatchSource {
  readonly batchesPerEpoch = 3;
  passes = 0;
  async *epoch(options: EpochOptions): AsyncGenerator<ImageBatch, void, void> {
    expect(options).toEqual({ epoch: 0, shuffle: false });
    this.passes += 1;
    for (let batch = 0; batch < 3; batch++) {
      const rows = [2 * batch, 2 * batch + 1].filter((i) => i < 5);
      const good = rows.map((i) => (i === 3 ? -1 : i));
      yield {
        pixels: Float32Array.from({ length: 2 }, (_, i) => good[i] ?? 0),
        indices: Int32Array.from({ length: 2 }, (_, i) => good[i] ?? -1),
        count: good.filter((i) => i >= 0).length,
        partners: Int32Array.of(0, 1),
        lambda: 1,
        problems: rows.includes(3) ? [{ index: 3, error: UNREADABLE }] : [],
      };
    }
  }
  async close(): Promise<void> {
    // Nothing to release.
  }
}
async function all(batches: AsyncIterable<ImageBatch>): Promise<ImageBatch[]> {
  const found: ImageBatch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

const UNREADABLE = { code: 'not-readable', message: 'It is torn.', hint: '' } as const;

describe('features that are kept', () => {
  it('train the classifier as the images do', async () => {
    const session = await featureExtractor();
    const { features } = await session.run('features', { images });
    await session.dispose();
    const options = { architecture: SMALLEST_VIT, classes: CLASSES, karst: KARST_DEFAULTS };
    const whole = await stepOf(adapted({ ...options, method: 'linear' }), images);
    const kept = await stepOf(classifierModel(SMALLEST_VIT, CLASSES), features!);
    expect(distance(kept.loss, whole.loss)).toBeLessThan(1e-6);
    expect(distance(kept.logits, whole.logits)).toBeLessThan(1e-6);
    expect([...kept.trained.keys()]).toEqual([...whole.trained.keys()]);
    for (const [name, { values }] of whole.trained) {
      expect(distance(values, head.get(name)!), name).toBeGreaterThan(1e-3);
      expect(distance(kept.trained.get(name)!.values, values), name).toBeLessThan(1e-5);
    }
  });

  it('are made once, and come in the order of the images of each epoch', async () => {
    const source = new Numbers();
    const session = {
      run: (_: string, { images: given }: { images: Float32Array }) => ({
        features: Float32Array.from([...given].flatMap((i) => [i, i])),
      }),
    } as unknown as Session;
    const seen: number[] = [];
    const kept = await FeatureSource.read(
      source,
      session,
      { images: 5, width: 2, batchSize: 2, seed: 7 },
      async (done) => void seen.push(done),
    );
    expect(seen).toEqual([2, 4, 5]);
    for (const epoch of [0, 1]) {
      const order = [...shuffledIndices(5, randomStream(7, 'shuffle', epoch))];
      const batches = await all(kept.epoch({ epoch, shuffle: true }));
      expect(batches.flatMap(({ indices }) => [...indices])).toEqual([
        ...order.map((index) => (index === 3 ? -1 : index)),
        -1,
      ]);
      for (const { indices, pixels, count } of batches) {
        expect([...pixels]).toEqual([...indices].flatMap((i) => (i < 0 ? [0, 0] : [i, i])));
        expect(count).toBe(indices.filter((i) => i >= 0).length);
      }
      const problems = batches.flatMap((batch) => batch.problems);
      expect(problems).toEqual([{ index: 3, error: UNREADABLE }]);
    }
    expect(source.passes).toBe(1);
    const late = await all(kept.epoch({ epoch: 0, shuffle: false, from: 2 }));
    expect(late.map(({ indices }) => [...indices])).toEqual([[4, -1]]);
  });

  it('are those of the classifier alone, without anything random', () => {
    const linear = completeConfig({ method: 'linear' });
    expect(keepsFeatures(linear)).toBe(true);
    expect(keepsFeatures(TRAINING_DEFAULTS)).toBe(false);
    expect(keepsFeatures({ ...linear, patchDrop: 0.5 })).toBe(false);
    for (const change of [
      ...[{ flip: true }, { cropScaleMin: 0.8 }, { padCrop: 2 }, { mixup: 0.2 }],
      ...[{ rotation: 5 }, { colorJitter: 0.1 }, { randAugmentOps: 1 }],
    ])
      expect(keepsFeatures({ ...linear, augmentation: { ...NO_AUGMENTATION, ...change } })).toBe(
        false,
      );
  });
});
