import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { loadBackbone } from '../../../main/engine/backbone/load.ts';
import { featureProgram } from '../../../main/engine/programs/features.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { atSize } from '../../../shared/models/registry.ts';
import {
  LIBRARY_BACKBONES,
  openLibraryBackbone,
  type LibraryBackbone,
} from '../../fixtures/library-backbones.ts';

/** Of the largest of the library's own numbers, or of 1. */
const BOUND = 1e-4;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function furthest(found: Float32Array, wanted: Float32Array): number {
  expect(found.length).toBe(wanted.length);
  const size = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0) / size;
}

/** Features (rows, width) → logits (rows, classes). */
function classified(features: Float32Array, weight: Float32Array, bias: Float32Array) {
  const width = weight.length / bias.length;
  const logits = new Float32Array((features.length / width) * bias.length);
  for (let at = 0; at < logits.length; at++) {
    const [row, output] = [Math.floor(at / bias.length), at % bias.length];
    let sum = bias[output]!;
    for (let i = 0; i < width; i++) sum += features[row * width + i]! * weight[output * width + i]!;
    logits[at] = sum;
  }
  return logits;
}

/** What the network computes at a size, from the file as an engine loads it. */
async function computed(read: LibraryBackbone, side: number, images: Float32Array) {
  const { path, architecture, preprocessing, positionRule } = read;
  const reference = { path, sha256: '', name: path, architecture, preprocessing, positionRule };
  const working = atSize(architecture, side);
  const tensors = await loadBackbone(reference, working, { head: true });
  const program = featureProgram(working, 2);
  const session = new Interpreter(program);
  const own = new Set(program.variables.map(({ attributes }) => attributes.name));
  await session.write(new Map([...tensors].filter(([name]) => own.has(name))));
  const { features } = await session.run('features', { images });
  await session.dispose();
  const [weight, bias] = [tensors.get('head.weight'), tensors.get('head.bias')];
  const logits =
    weight === undefined || bias === undefined ? null : classified(features!, weight, bias);
  return { features: features!, logits };
}

describe.each(LIBRARY_BACKBONES)('the network of %s', (name) => {
  it.each(['native', 'other'])(
    'has the features and logits of its library, %s size',
    async (key) => {
      const read = await openLibraryBackbone(name);
      await read.checkpoint.close();
      const expected = await readAllFloat32(read.expected);
      const images = expected.get(`${key}.images`)!;
      const { features, logits } = await computed(read, Math.sqrt(images.length / 6), images);
      expect(furthest(features, expected.get(`${key}.features`)!)).toBeLessThan(BOUND);
      const wanted = expected.get(`${key}.logits`);
      // open_clip's logits are a projection to its texts, which is no head.
      if (wanted === undefined || read.source === 'open_clip') expect(logits).toBeNull();
      else expect(furthest(logits!, wanted)).toBeLessThan(BOUND);
    },
  );
});
