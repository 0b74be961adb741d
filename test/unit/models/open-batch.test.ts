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
import { isDefinedOn } from '../../../shared/methods/method.ts';
import { DEFAULT_METHOD, methodSpec } from '../../../shared/methods/registry.ts';
import { VARIANTS } from '../../fixtures/methods.ts';
import { MODELS } from '../../fixtures/models.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';

/** Batch sizes with which one open program is called. */
const BATCHES = [1, 2, 5];
const CLASSES = 3;
const USUAL = VARIANTS[0]?.title;

/**
 * Relative to the largest logit: about fourteen successive products, each over at most 192 numbers,
 * whose sum in another order differs by up to 192 · 2⁻²⁴ of the summands.
 */
const TOLERANCE = 14 * 192 * 2 ** -24;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Run = (program: Program) => Session;
const inScript: Run = (program) => new Interpreter(program);

/** Runs the model on successive batches using a program built for batches of `size`. */
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

/**
 * Every variant of every method on the plain network, and the usual ones on those that stand for
 * their family; the default method on the others.
 */
const SETS = MODELS.flatMap(({ title: network, architecture, everyVariant = false }, index) =>
  VARIANTS.filter(
    ({ title, tuning: { method } }) =>
      (index === 0 || (title === USUAL && (everyVariant || method === DEFAULT_METHOD))) &&
      isDefinedOn(methodSpec(method), architecture),
  ).flatMap(({ title, tuning }) =>
    [false, true].map((merged) => {
      const tuner = tunerOf(tuning, architecture);
      const model = adaptedModel({ architecture, classes: CLASSES, tuner, merged });
      const name = `${network}, ${tuning.method}, ${title}${merged ? ', merged' : ''}`;
      return { name, usual: title === USUAL, merged, model };
    }),
  ),
);

/** Expected logits, from a separate program for each batch size. */
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
