import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { initialTensor } from '../../../main/engine/initialisers.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import { randomStream } from '../../../main/engine/random.ts';
import { CheckpointStore, type TrainingState } from '../../../main/engine/train/checkpoint.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { batchNoise, stepNoise } from '../../../main/engine/train/noise.ts';
import { stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { readAdapterFolder, writeAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import { sizeOf, type Tensor } from '../../../main/graph/tensor.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { mergedTensors } from '../../../main/tuning/merge.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import type { Tuning } from '../../../shared/methods/registry.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import { headTensors } from '../../../shared/models/head.ts';
import { configured, PREPROCESSING } from '../../fixtures/engine/test-bed.ts';
import { VARIANTS } from '../../fixtures/methods.ts';
import { MODELS } from '../../fixtures/models.ts';
import { directionalDifference, distance } from '../graph/cases.ts';
import { evaluate } from '../graph/reference.ts';
import { randomTensors } from '../engine/random-tensors.ts';

/**
 * Properties that every declared method must have, in every variant of its options, on every
 * network (networks that differ in parts only: with the usual options). Values come from the float64 reference; only the graph's constants are rounded to
 * float32.
 */
const BATCH = 2;
const CLASSES = 3;
const config = configured({ batchSize: BATCH, dropPath: 0.3 });

const DESCRIPTION = { backboneName: 'smallest', backboneSha256: '0'.repeat(64), training: null };
const STATE: TrainingState = {
  ...{ version: 1, step: 1, epoch: 0, batch: 1, best: null, epochsWithoutBest: 0, seconds: 1 },
};

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'karst-matrix-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A model with a method, random values in every tensor, and one batch. */
function set(architecture: Architecture, tuning: Tuning) {
  const tuner = tunerOf(tuning, architecture);
  const model = adaptedModel({ architecture, classes: CLASSES, tuner });
  const noise = stepNoise(model, config);
  const frozen = randomTensors(model.frozen, 1, 0.3);
  const trained = randomTensors(model.trained, 2, 0.3);
  const images = randomTensors(new Map([['images', [BATCH, ...model.input]]]), 3).get('images')!;
  const tensors = new Map(
    [...model.frozen, ...model.trained].map(([name, shape]) => [name, g.input(name, shape)]),
  );
  const weights = (name: string): Tensor => tensors.get(name)!;
  return { tuner, model, noise, frozen, trained, images, tensors, weights };
}

const PAIRS = MODELS.flatMap(({ title: network, architecture, everyVariant = false }) =>
  VARIANTS.filter(({ usual }) => usual || everyVariant).map(({ title, tuning }) => ({
    ...{ network, architecture, title, tuning },
  })),
);

/** A number that is added to all channels is taken off again by the next norm. */
const isIdle = (name: string, shape: readonly number[]): boolean =>
  name.endsWith('.out_shift') && sizeOf(shape) === 1;

describe.each(PAIRS)('$tuning.method, $title, on $network', ({ architecture, tuning }) => {
  const { tuner, model, noise, frozen, trained, images, tensors, weights } = set(
    architecture,
    tuning,
  );
  const drawn = batchNoise(noise, config, 0, 0);
  const given = { ...Object.fromEntries([...frozen, ...trained]), ...drawn, images };

  it('trains and keeps every tensor of the network once, and its head', () => {
    const whole = [...tuner.model.tensors, ...headTensors(tuner.model.width, CLASSES)];
    const own = tuner.added.map(({ name }) => name);
    expect([...model.frozen.keys(), ...model.trained.keys()].sort()).toEqual(
      [...whole.map(({ name }) => name), ...own].sort(),
    );
    for (const { name, shape } of [...whole, ...tuner.added])
      expect(model.frozen.get(name) ?? model.trained.get(name), name).toEqual(shape);
    expect(model.trained.size > 2).toBe(tuner.spec.scope !== 'head');
    expect(model.frozen.size === 0).toBe(tuner.spec.scope === 'model');
  });

  it('starts from finite numbers, a function of the seed', () => {
    for (const tensor of tuner.added) {
      const values = initialTensor(tensor, 5, frozen);
      expect(values.every(Number.isFinite), tensor.name).toBe(true);
      expect(initialTensor(tensor, 5, frozen)).toEqual(values);
    }
  });

  it('has the gradients that finite differences have', () => {
    const inputs = new Map(noise.map(({ name, shape }) => [name, g.input(name, shape)]));
    const logits = model.logits(g.input('images', [BATCH, ...model.input]), weights, inputs);
    expect(logits.shape).toEqual([BATCH, CLASSES]);
    const along = g.constant(
      Float32Array.from({ length: BATCH * CLASSES }, (_, i) => 1 - i / 2),
      [BATCH, CLASSES],
    );
    const loss = g.sumAll(g.mul(g.logSoftmax(logits), along));
    const names = [...model.trained.keys()];
    const found = evaluate(
      gradients(
        loss,
        names.map((name) => tensors.get(name)!),
      ),
      given,
    );
    const direction = new Map(
      [...trained].map(([name, values]) => {
        const stream = randomStream(9, name);
        return [name, Float64Array.from(values, () => stream.normal())];
      }),
    );
    let slope = 0;
    names.forEach((name, i) => {
      if (!isIdle(name, model.trained.get(name)!))
        expect(
          found[i]!.some((d) => d !== 0),
          name,
        ).toBe(true);
      found[i]!.forEach((d, at) => (slope += d * direction.get(name)![at]!));
    });
    const expected = directionalDifference(loss, given, direction, 1e-6);
    expect(Math.abs(slope - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
  });

  it('is, merged by its definition or by the graph, a plain network that answers as it does', () => {
    const x = g.input('images', [BATCH, ...model.input]);
    const [wanted = new Float64Array()] = evaluate([model.logits(x, weights)], given);
    if (tuner.delta === null || tuner.merged === null) {
      expect([tuner.delta, tuner.merged]).toEqual([null, null]);
      return;
    }
    const merged = mergedTensors(tuner, trained, frozen);
    const plain = plainModel(architecture, CLASSES);
    expect([...merged.keys()].sort()).toEqual([...plain.frozen.keys()].sort());
    const inputs = new Map([...plain.frozen].map(([name, shape]) => [name, g.input(name, shape)]));
    const logits = plain.logits(x, (name) => inputs.get(name)!);
    const [found = []] = evaluate([logits], { ...Object.fromEntries(merged), images });
    expect(distance(found, wanted)).toBeLessThan(1e-6);
    const inGraph = [...tuner.merged(weights)];
    const values = evaluate(
      inGraph.map(([, tensor]) => tensor),
      given,
    );
    inGraph.forEach(([name], i) =>
      expect(distance(values[i]!, merged.get(name)!), name).toBeLessThan(1e-6),
    );
    // Weights without an adapter are passed through unchanged.
    const changed = new Set(inGraph.map(([name]) => name));
    for (const [name, tensor] of frozen)
      if (!changed.has(name)) expect(merged.get(name), name).toBe(tensor);
  });

  it('is in its folder what it was, with its options', async () => {
    const dir = await mkdtemp(join(folder, 'adapter-'));
    const path = join(dir, 'adapter');
    await writeAdapterFolder(path, {
      name: 'matrix',
      tensors: [...model.trained].map(([name, shape]) => ({
        ...{ name, shape, dtype: 'F32', data: trained.get(name)! },
      })),
      config: {
        ...DESCRIPTION,
        parent: null,
        task: singleLabel.spec.name,
        architecture,
        ...tuning,
      },
      preprocessing: { ...PREPROCESSING, imageSize: architecture.imageSize },
      labels: ['a', 'b', 'c'],
    });
    const read = await readAdapterFolder(path);
    expect(read.config).toMatchObject(tuning);
    expect(await readAllFloat32(read.weights)).toEqual(trained);
  });

  it('goes on after a checkpoint, bit for bit', async () => {
    const options = {
      ...{ batchSize: BATCH, loss: singleLabel.loss, optimizer: config.optimizer },
      ...{ accumulate: 1, noise },
    };
    const { program, groups } = trainingProgram(model, options);
    const open = async () => {
      const session = new Interpreter(program);
      await session.write(frozen);
      return { session, state: new ModelState(session, groups) };
    };
    const step = ({ session }: Awaited<ReturnType<typeof open>>, number: number) =>
      session.run('train', {
        ...{
          images,
          targets: Float32Array.of(1, 0, 0, 0, 0, 1),
          weights: Float32Array.of(0.5, 0.5),
        },
        ...batchNoise(noise, config, 0, number),
        scalars: stepScalars(config.optimizer, 1e-2, number + 1),
      });
    const whole = await open();
    await whole.state.set(trained, null);
    await step(whole, 0);
    const store = new CheckpointStore(await mkdtemp(join(folder, 'run-')));
    await store.save(STATE, await whole.state.trained(), await whole.state.optimizer());
    await step(whole, 1);
    const wanted = await whole.state.trained();
    await whole.session.dispose();

    const checkpoint = (await store.newest(() => undefined))!;
    const resumed = await open();
    await resumed.state.set(checkpoint.adapter, checkpoint.optimizer);
    await step(resumed, 1);
    expect(await resumed.state.trained()).toEqual(wanted);
    await resumed.session.dispose();
  });
});
