import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { karstTuner } from '../../fixtures/engine/adapted.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { inTopologicalOrder } from '../../../main/graph/tensor.ts';
import { batchNoise, stepNoise } from '../../../main/engine/train/noise.ts';
import { packGroup } from '../../../main/engine/programs/parameters.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import type { Method } from '../../../shared/methods/registry.ts';
import { heldBy } from '../../fixtures/engine/liveness.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { randomTensors } from './random-tensors.ts';
import { readGroups, writeOne } from '../../fixtures/engine/variables.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { completeConfig } from '../../../shared/training/config.ts';

const DEPTH = 4;
const BATCH = 2;
const architecture = { ...SMALLEST_VIT, imageSize: 24, depth: DEPTH };
const karst = { ...KARST_DEFAULTS, rank: 2, factor: 4, kernels: 2, rankDropout: 0.3 };
const config = {
  ...TRAINING_DEFAULTS,
  ...{ batchSize: BATCH, dropPath: 0.3, patchDrop: 0.5, seed: 9 },
};
const batch = {
  images: randomTensors(new Map([['images', [BATCH, 3, 24, 24]]]), 4).get('images')!,
  targets: Float32Array.of(1, 0, 0, 0, 0, 1),
  weights: Float32Array.of(0.5, 0.5),
};

interface Way {
  readonly method: Method;
  readonly factored: boolean;
  readonly noisy: boolean;
}

function programOf({ method, factored, noisy }: Way, checkpointedBlocks: number) {
  const { tuning } = completeConfig({ method, karst });
  const tuner =
    method === 'karst' ? karstTuner(architecture, karst, factored) : tunerOf(tuning, architecture);
  const model = adaptedModel({ architecture, classes: 3, tuner, checkpointedBlocks });
  const noise = noisy ? stepNoise(model, { ...config, tuning }) : [];
  const training = trainingProgram(model, {
    ...{ batchSize: BATCH, loss: singleLabel.loss },
    ...{ optimizer: TRAINING_DEFAULTS.optimizer, accumulate: 2 },
    noise,
  });
  return { model, noise, ...training };
}

/** Returns loss, logits and all gradients of one batch. */
async function step(way: Way, checkpointedBlocks: number) {
  const { model, noise, program, groups } = programOf(way, checkpointedBlocks);
  const session = new Interpreter(program);
  await session.write(randomTensors(model.frozen, 1, 0.3));
  const trained = randomTensors(model.trained, 3, 0.3);
  for (const group of groups) {
    await writeOne(session, `trained.${group.name}`, packGroup(group, trained));
    await writeOne(session, `sum.${group.name}`, new Float32Array(group.size));
  }
  const fn = way.noisy ? 'accumulateDropping' : 'accumulate';
  const { loss, logits } = await session.run(fn, { ...batch, ...batchNoise(noise, config, 0, 0) });
  const gradients = await readGroups(session, 'sum', groups);
  await session.dispose();
  return { loss: [...loss!], logits: [...logits!], gradients };
}

const WAYS: readonly Way[] = [
  { method: 'karst', factored: false, noisy: false },
  { method: 'karst', factored: false, noisy: true },
  { method: 'karst', factored: true, noisy: true },
  { method: 'full', factored: false, noisy: true },
];
/** Replaces −0 by 0. */
const plain = (values: Float32Array): number[] => [...values].map((x) => x + 0);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(WAYS)('$method, factored $factored, noise $noisy', (way) => {
  it.each([1, DEPTH - 1, DEPTH])(
    'has the same gradients, bit for bit, with %i blocks',
    async (blocks) => {
      const wanted = await step(way, 0);
      const found = await step(way, blocks);
      expect(found.loss).toEqual(wanted.loss);
      expect(found.logits).toEqual(wanted.logits);
      expect([...found.gradients.keys()]).toEqual([...wanted.gradients.keys()]);
      for (const [name, values] of wanted.gradients) {
        expect(
          values.some((d) => d !== 0),
          name,
        ).toBe(true);
        expect(plain(found.gradients.get(name)!), name).toEqual(plain(values));
      }
    },
  );
});

it('keeps of a recomputed block nothing but what goes in', () => {
  const [whole, half, most] = [0, 2, DEPTH - 1].map((blocks) =>
    heldBy(programOf(WAYS[0]!, blocks).program.functions['accumulate']!),
  );
  // The last block keeps little because only the class token is read, so recomputing another block
  // saves more than a quarter.
  expect(half!).toBeLessThan(whole! * 0.6);
  expect(most!).toBeLessThan(whole! * 0.35);
});

it('means nothing without a backward pass', () => {
  const { program } = programOf(WAYS[0]!, DEPTH);
  const plainProgram = programOf(WAYS[0]!, 0).program;
  const ops = (p: typeof program): number =>
    inTopologicalOrder(Object.values(p.functions['evaluate']!.outputs)).filter(
      (node) => node.op !== 'remat',
    ).length;
  expect(ops(program)).toBe(ops(plainProgram));
});
