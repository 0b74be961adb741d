import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../main/backends/session.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import type { Model } from '../../../main/engine/model/model.ts';
import { evaluationProgram } from '../../../main/engine/programs/evaluation.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { loadTensorFlow, openNativeSession } from '../../../main/engine/runtime/tensorflow.ts';
import { BATCH, type Dim } from '../../../main/graph/dim.ts';
import type { Program } from '../../../main/graph/program.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { VARIANTS } from '../../fixtures/methods.ts';
import { MODELS } from '../../fixtures/models.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';

/** Batch sizes that one open program is called with. */
const BATCHES = [1, 2, 5];
const CLASSES = 3;
const USUAL = VARIANTS[0]?.title;

/**
 * Of the largest logit: some fourteen products follow each other in these networks, each of at most 192 numbers, whose
 * sum in any other order differs by up to 192 · 2⁻²⁴ of what is added.
 */
const TOLERANCE = 14 * 192 * 2 ** -24;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Run = (program: Program) => Session;
const inScript: Run = (program) => new Interpreter(program);

/** What the model makes of one batch after the other, by a program for batches of that size. */
async function logits(
  run: Run,
  model: Model,
  size: Dim,
  batches: readonly number[],
): Promise<Float32Array[]> {
  const { program, groups } = evaluationProgram(model, size);
  const session = run(program);
  await session.write(randomTensors(model.frozen, 1, 0.3));
  await new ModelState(session, groups).setTrained(randomTensors(model.trained, 2, 0.3));
  if ('merge' in program.functions) await session.run('merge', {});
  const answers: Float32Array[] = [];
  for (const batch of batches) {
    const shapes = new Map([['images', [batch, ...model.input]]]);
    const images = randomTensors(shapes, batch).get('images')!;
    answers.push((await session.run('evaluate', { images }))['logits']!);
  }
  await session.dispose();
  return answers;
}

/** On the plain network every variant of every method, on the others each method as usual. */
const SETS = MODELS.flatMap(({ title: network, architecture }, index) =>
  VARIANTS.filter(({ title }) => index === 0 || title === USUAL).flatMap(({ title, tuning }) =>
    [false, true].map((merged) => {
      const tuner = tunerOf(tuning, architecture);
      const model = adaptedModel({ architecture, classes: CLASSES, tuner, merged });
      const name = `${network}, ${tuning.method}, ${title}${merged ? ', merged' : ''}`;
      return { name, usual: title === USUAL, merged, model };
    }),
  ),
);

/** By a program of its own for each batch size. */
async function wanted(model: Model): Promise<Float32Array[]> {
  const answers: Float32Array[] = [];
  for (const batch of BATCHES) answers.push(...(await logits(inScript, model, batch, [batch])));
  return answers;
}

function expectEqual(found: readonly Float32Array[], wanted: readonly Float32Array[]): void {
  expect(found.map(({ length }) => length)).toEqual(BATCHES.map((batch) => batch * CLASSES));
  wanted.forEach((values, i) => {
    const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    expect(distance(found[i]!, values)).toBeLessThan(TOLERANCE * largest);
  });
}

describe('a network with an open batch', () => {
  it.each(SETS)('answers as with each batch size: $name', async ({ model }) => {
    const { program } = evaluationProgram(model, BATCH);
    expect(program.functions['evaluate']?.outputs['logits']?.shape).toEqual([BATCH, CLASSES]);
    expectEqual(await logits(inScript, model, BATCH, BATCHES), await wanted(model));
  });

  const native = SETS.filter(({ usual, merged }) => usual && merged);
  const known = new Map<Model, Float32Array[]>();
  beforeAll(async () => {
    for (const { model } of native) known.set(model, await wanted(model));
  });
  it.each(native)('answers so in TensorFlow without XLA: $name', async ({ model }) => {
    loadTensorFlow();
    const inTensorFlow: Run = (program) => openNativeSession(program);
    expectEqual(await logits(inTensorFlow, model, BATCH, BATCHES), known.get(model) ?? []);
  });
});
