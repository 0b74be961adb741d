import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { karst } from '../../../shared/methods/karst.ts';
import { lora } from '../../../shared/methods/lora.ts';
import type { Tuning } from '../../../shared/methods/registry.ts';
import { openLibraryBackbone } from '../../fixtures/library-backbones.ts';

/**
 * Adapters on networks of every kind, with the gradients that PyTorch has where the definition is
 * added to the weights of timm's own network; see backbones/gradients.py beside the data.
 */
const FOLDER = join(import.meta.dirname, '../../fixtures/gradients');
const NAMES = readdirSync(FOLDER).map((file) => file.replace('.safetensors', ''));
const CLASSES = 3;
const BOUND = 1e-4;
const SIZES = { rank: 3, alpha: 5 };
const TUNINGS: readonly Tuning[] = [
  {
    method: 'karst',
    options: { ...karst.options.defaults, ...SIZES, kernels: 2, factor: 4, rescale: 'channel' },
  },
  { method: 'lora', options: { ...lora.options.defaults, ...SIZES } },
];

beforeAll(() => tf.setBackend('cpu'));

type Values = ReadonlyMap<string, Float32Array>;

function below(all: Values, prefix: string): Map<string, Float32Array> {
  return new Map(
    [...all].flatMap(([name, values]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), values]] : [],
    ),
  );
}

const lengthOf = (values: ArrayLike<number>): number =>
  Math.hypot(...Array.from(values, (value) => value));

/** |a − b| relative to |b|. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  lengthOf(Array.from(a, (value, i) => value - (b[i] ?? NaN))) / lengthOf(b);

describe.each(NAMES)('%s', (name) => {
  it.each(TUNINGS)('has the gradients of PyTorch: $method', async (tuning) => {
    const stored = await readAllFloat32(join(FOLDER, `${name}.safetensors`));
    const adapter = below(stored, `${tuning.method}/adapter/`);
    const wanted = below(stored, `${tuning.method}/gradient/`);
    const { architecture: whole, checkpoint, expected } = await openLibraryBackbone(name);
    const architecture = { ...whole, classes: 0 };
    const tuner = tunerOf(tuning, architecture);
    const model = adaptedModel({ architecture, classes: CLASSES, tuner });
    expect([...model.trained.keys()].sort()).toEqual([...adapter.keys()].sort());
    const base = new Map<string, Float32Array>();
    for (const one of model.frozen.keys()) base.set(one, await checkpoint.readFloat32(one));
    await checkpoint.close();
    const images = (await readAllFloat32(expected)).get('native.images')!;

    const tensors = new Map(
      [...model.frozen, ...model.trained].map(([one, shape]) => [one, g.variable(one, shape)]),
    );
    const rows = images.length / model.input.reduce((a, b) => a * b, 1);
    const x = g.input('images', [rows, ...model.input]);
    const logits = model.logits(x, (one) => tensors.get(one)!, new Map());
    const along = Float32Array.from({ length: rows * CLASSES }, (_, i) => 1 - i / 2);
    const loss = g.sumAll(g.mul(g.logSoftmax(logits), g.constant(along, [rows, CLASSES])));
    const names = [...wanted.keys()];
    const found = gradients(
      loss,
      names.map((one) => tensors.get(one)!),
    );
    const outputs = Object.fromEntries(names.map((one, i) => [one, found[i]!]));
    const session = new Interpreter({
      variables: [...tensors.values()],
      functions: { gradients: { inputs: [x], outputs, updates: [] } },
    });
    await session.write(new Map([...base, ...adapter]));
    const answer = await session.run('gradients', { images });
    await session.dispose();
    for (const [one, values] of wanted)
      expect(apart(answer[one]!, values), one).toBeLessThan(BOUND);
  });
});
