import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { packGroup } from '../../../main/engine/programs/parameters.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance, randomTensors } from './random-tensors.ts';
import { readGroups, writeOne } from '../../fixtures/engine/variables.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

/**
 * Nine patches in two images. Everything is trained, so that the backbone's gradients are
 * available.
 */
const architecture = { ...SMALLEST_VIT, imageSize: 24 };
const PATCHES = 9;
const model = adapted({ architecture, classes: 3, method: 'full', karst: KARST_DEFAULTS });
const trained = randomTensors(model.trained, 3, 0.3);
const batch = {
  images: randomTensors(new Map([['images', [2, 3, 24, 24]]]), 4).get('images')!,
  targets: Float32Array.of(1, 0, 0, 0, 0, 1),
  weights: Float32Array.of(0.5, 0.5),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function gradients(kept: number, selection: Float32Array | null) {
  const { program, groups } = trainingProgram(model, {
    batchSize: 2,
    loss: singleLabel.loss,
    optimizer: TRAINING_DEFAULTS.optimizer,
    accumulate: 2,
    noise: [{ name: 'patchDrop', shape: [2, kept, PATCHES], dropping: true }],
  });
  const session = new Interpreter(program);
  for (const group of groups) {
    await writeOne(session, `trained.${group.name}`, packGroup(group, trained));
    await writeOne(session, `sum.${group.name}`, new Float32Array(group.size));
  }
  const { logits } =
    selection === null
      ? await session.run('accumulate', batch)
      : await session.run('accumulateDropping', { ...batch, patchDrop: selection });
  const found = await readGroups(session, 'sum', groups);
  await session.dispose();
  return { logits: logits!, gradients: found };
}

function selecting(...images: readonly (readonly number[])[]): Float32Array {
  const rows = images.flat();
  const selection = new Float32Array(rows.length * PATCHES);
  rows.forEach((patch, row) => (selection[row * PATCHES + patch] = 1));
  return selection;
}

describe('a step without some patches', () => {
  it('is one with all of them when all are named, in whatever order', async () => {
    const whole = await gradients(PATCHES, null);
    const named = await gradients(
      PATCHES,
      selecting([8, 7, 6, 5, 4, 3, 2, 1, 0], [2, 0, 1, 8, 3, 5, 4, 7, 6]),
    );
    expect(distance(named.logits, whole.logits)).toBeLessThan(1e-5);
    for (const [name, values] of whole.gradients)
      expect(distance(named.gradients.get(name)!, values), name).toBeLessThan(1e-5);
  });

  it('learns from the patches that are left, and from them alone', async () => {
    const { gradients: found } = await gradients(3, selecting([0, 4, 7], [4, 5, 8]));
    const positions = found.get('pos_embed')!;
    const moved = Array.from({ length: 1 + PATCHES }, (_, token) =>
      positions.subarray(token * 16, (token + 1) * 16).some((d) => Math.abs(d) > 1e-9),
    );
    const seen = new Set([0, 4, 5, 7, 8]);
    expect(moved).toEqual([true, ...Array.from({ length: PATCHES }, (_, i) => seen.has(i))]);
    for (const [name, values] of found)
      expect(
        values.some((d) => Math.abs(d) > 1e-9),
        name,
      ).toBe(true);
  });
});
