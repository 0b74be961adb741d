import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { evaluationFloats, evaluationPixels } from '../../../main/engine/data/preprocessing.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import { evaluationProgram } from '../../../main/engine/programs/evaluation.ts';
import { loadTensorFlow } from '../../../main/engine/runtime/tensorflow.ts';
import type { ExportedModel, ReadBack } from '../../../main/exports/exporter.ts';
import { savedModel } from '../../../main/exports/saved-model/exporter.ts';
import { decodeImage } from '../../../main/formats/image.ts';
import { BATCH } from '../../../main/graph/dim.ts';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import { modelOf } from '../../fixtures/exported-model.ts';
import { MODELS } from '../../fixtures/models.ts';
import { distance, randomTensors } from '../engine/random-tensors.ts';

/** What TensorFlow's own loader computes of our folders, against the interpreter and our pixels. */

const IMAGES = new URL('../../fixtures/images/', import.meta.url);
const BATCHES = [1, 3];

const models = MODELS.map(({ title, architecture }) => ({ title, model: modelOf(architecture) }));
const expected = new Map<string, Float32Array[]>();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'karst-saved-model-'));
  // Before the addon is loaded, which makes its own backend the only one of tfjs.
  await tf.setBackend('cpu');
  for (const { title, model } of models) expected.set(title, await interpreted(model));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function imagesOf(model: ExportedModel, batch: number): Float32Array {
  const { imageSize } = model.architecture;
  const shapes = new Map([['images', [batch, 3, imageSize, imageSize]]]);
  return randomTensors(shapes, batch).get('images')!;
}

async function interpreted(model: ExportedModel): Promise<Float32Array[]> {
  const { architecture, classify, tensors } = model;
  const { program } = evaluationProgram(plainModel(architecture, architecture.classes), BATCH);
  const session = new Interpreter({ ...program, functions: { classify } });
  await session.write(tensors as ReadonlyMap<string, Float32Array>);
  const answers: Float32Array[] = [];
  for (const batch of BATCHES) {
    const { probabilities } = await session.run('classify', { images: imagesOf(model, batch) });
    answers.push(probabilities!);
  }
  return answers;
}

async function opened(model: ExportedModel): Promise<ReadBack> {
  const out = await mkdtemp(join(folder, 'model-'));
  await savedModel.write(model, {}, out);
  return savedModel.open(out, model, { tensorflow: loadTensorFlow, ourNetwork: null as never });
}

describe('a SavedModel', () => {
  it.each(models)('answers any number of images as we do: $title', async ({ title, model }) => {
    const written = await opened(model);
    for (const [i, batch] of BATCHES.entries()) {
      const found = await written.run(imagesOf(model, batch), batch);
      expect(distance(found, expected.get(title)![i]!)).toBeLessThan(1e-5);
    }
    await written.close();
  });

  const kinds: Partial<Preprocessing>[] = [
    { interpolation: 'bicubic' },
    { interpolation: 'bilinear', cropFraction: 0.875 },
    { interpolation: 'bicubic', cropFraction: 0.9, cropMode: 'squash' },
    { interpolation: 'lanczos', cropFraction: 0.8, cropRounding: 'down' },
    { interpolation: 'bilinear', cropMode: 'border' },
    { interpolation: 'bicubic', cropMode: 'border', cropFraction: 0.7, borderColour: [9, 99, 199] },
    { interpolation: 'nearest', cropMode: 'squash' },
    { interpolation: 'bilinear', rescale: 'before-resizing' },
    { interpolation: 'bicubic', cropFraction: 0.9, rescale: 'before-resizing' },
  ];
  it.each(kinds)('reads files as we do: %j', async (changes) => {
    const some = models[0]!.model;
    const model = { ...some, preprocessing: { ...some.preprocessing, ...changes } };
    const written = await opened(model);
    for (const name of ['landscape.jpg', 'portrait.jpg', 'rgb.png', 'grey.png', 'tiny.png']) {
      const bytes = await readFile(new URL(name, IMAGES));
      const read = changes.rescale === undefined ? evaluationPixels : evaluationFloats;
      const ours = read(await decodeImage(bytes, name), model.preprocessing);
      const theirs = await written.runFile!(bytes);
      expect(distance(theirs.pixels, ours), name).toBeLessThanOrEqual(1);
      expect(theirs.probabilities).toHaveLength(3);
    }
    await written.close();
  });

  it.each(['hamming', 'box'] as const)('is refused for the filter %s', async (interpolation) => {
    const some = models[0]!.model;
    const model = { ...some, preprocessing: { ...some.preprocessing, interpolation } };
    await expect(opened(model)).rejects.toMatchObject({ code: 'not-available' });
  });
});
