import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { readAllFloat32, SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Tensor } from '../../../main/graph/tensor.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { mergedTensors } from '../../../main/tuning/merge.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { methodSpec, type Tuning } from '../../../shared/methods/registry.ts';
import type { Architecture } from '../../../shared/models/registry.ts';
import { configured, SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance } from '../engine/random-tensors.ts';
import { evaluate } from '../graph/reference.ts';

type Tensors = ReadonlyMap<string, Float32Array>;
const FIXTURES = join(import.meta.dirname, '../../fixtures');

const { config } = JSON.parse(readFileSync(join(FIXTURES, 'oracle/manifest.json'), 'utf8')) as {
  config: Record<'img_size' | 'patch_size' | 'width' | 'depth' | 'heads' | 'mlp_ratio', number> &
    Record<'classes', number>;
};
const architecture: Architecture = {
  ...SMALLEST_VIT,
  ...{ imageSize: config.img_size, patchSize: config.patch_size },
  ...{ width: config.width, depth: config.depth, heads: config.heads },
  mlpDim: config.width * config.mlp_ratio,
};
const { classes } = config;

/** The options of make.py. */
const CASES: readonly { file: string; method: Tuning['method']; options?: object }[] = [
  { file: 'bitfit', method: 'bitfit' },
  { file: 'lntune', method: 'lntune' },
  { file: 'difffit', method: 'difffit' },
  { file: 'ssf', method: 'ssf' },
  { file: 'repadapter', method: 'repadapter', options: { hidden: 4, scale: 0.5 } },
  { file: 'fact', method: 'fact', options: { rank: 3, scale: 0.5 } },
  { file: 'adaptformer', method: 'adaptformer', options: { bottleneck: 6, scale: 0.5 } },
  { file: 'vpt', method: 'vpt', options: { prompts: 3 } },
  { file: 'lora', method: 'lora', options: { rank: 3, alpha: 5 } },
  {
    file: 'lora-rank-stabilized',
    method: 'lora',
    options: { rank: 3, alpha: 5, rankStabilized: true },
  },
  { file: 'dora', method: 'dora', options: { rank: 3, alpha: 5 } },
  { file: 'lokr', method: 'lokr', options: { rank: 3, alpha: 5 } },
  {
    file: 'lokr-both',
    method: 'lokr',
    options: { rank: 3, alpha: 5, factor: 8, decomposeBoth: true },
  },
];

/**
 * Each method as PEFT or a few lines of PyTorch compute it on the oracle's network and batch, in
 * float64; see make.py next to the data.
 */
describe.each(CASES)('$file as its reference computes it', ({ file, method, options }) => {
  const tuning = { method, options: { ...defaultsOf(method), ...options } } as Tuning;
  const tuner = tunerOf(tuning, architecture);
  const model = adaptedModel({ architecture, classes, tuner });
  let stored: Tensors;
  let base: Tensors;
  let images: Float32Array;
  let targets: Float32Array;
  const of = (kind: string): Map<string, Float32Array> =>
    new Map(
      [...stored]
        .filter(([name]) => name.startsWith(`${kind}/`))
        .map(([name, values]) => [name.slice(kind.length + 1), values]),
    );

  beforeAll(async () => {
    await tf.setBackend('cpu');
    stored = await readAllFloat32(join(FIXTURES, `method-references/${file}.safetensors`));
    base = await readAllFloat32(join(FIXTURES, 'oracle/base.safetensors'));
    const batch = await SafetensorsFile.open(join(FIXTURES, 'oracle/batch.safetensors'));
    images = await batch.readFloat32('images');
    const labels = new BigInt64Array((await batch.readBytes('labels')).slice().buffer);
    await batch.close();
    targets = new Float32Array(labels.length * classes);
    labels.forEach((label, row) => (targets[row * classes + Number(label)] = 1));
  });

  it('logits, loss and every gradient', async () => {
    const adapter = of('adapter');
    expect([...model.trained.keys()].sort()).toEqual([...adapter.keys()].sort());
    const tensors = new Map(
      [...model.frozen, ...model.trained].map(([name, shape]) => [name, g.input(name, shape)]),
    );
    const rows = targets.length / classes;
    const x = g.input('images', [rows, ...model.input]);
    const logits = model.logits(x, (name) => tensors.get(name)!, new Map());
    const likelihood = g.mul(g.logSoftmax(logits), g.constant(targets, [rows, classes]));
    const loss = g.mul(g.sumAll(likelihood), g.scalar(-1 / rows));
    const wanted = of('grad');
    const names = [...wanted.keys()];
    const slopes = gradients(
      loss,
      names.map((name): Tensor => tensors.get(name)!),
    );
    const outputs = Object.fromEntries(slopes.map((slope, i) => [names[i]!, slope]));
    const session = new Interpreter({
      variables: [],
      functions: {
        compare: {
          inputs: [x, ...tensors.values()],
          outputs: { ...outputs, logits, loss },
          updates: [],
        },
      },
    });
    const given = new Map([...base, ...adapter, ['images', images]]);
    const values = [...tensors.keys(), 'images'].map((name) => [name, given.get(name)!] as const);
    const found = await session.run('compare', Object.fromEntries(values));
    await session.dispose();
    // In float32.
    expect(distance(found['logits']!, stored.get('logits')!)).toBeLessThan(2e-5);
    expect(distance(found['loss']!, stored.get('loss')!)).toBeLessThan(5e-6);
    for (const name of names)
      expect(distance(found[name]!, wanted.get(name)!), name).toBeLessThan(3e-5);
  });

  it('merged, where it can be', () => {
    if (!tuner.spec.merges) {
      expect([tuner.delta, tuner.merged]).toEqual([null, null]);
      return;
    }
    const merged = mergedTensors(tuner, of('adapter'), base);
    for (const [name, values] of of('merged'))
      expect(distance(merged.get(name)!, values), name).toBeLessThan(1e-6);
    const plain = plainModel(architecture, classes);
    const inputs = new Map([...plain.frozen].map(([name, shape]) => [name, g.input(name, shape)]));
    const x = g.input('images', [targets.length / classes, ...plain.input]);
    const [found] = evaluate([plain.logits(x, (name) => inputs.get(name)!)], {
      ...Object.fromEntries(merged),
      images,
    });
    expect(distance(found!, stored.get('logits')!)).toBeLessThan(2e-6);
  });

  it('three steps of AdamW', async () => {
    const batchSize = targets.length / classes;
    const { optimizer } = configured({
      optimizer: { learningRate: 1e-3, weightDecay: 1e-2, decayOn: 'all', clipNorm: 0 },
    });
    const { program, groups } = trainingProgram(model, {
      ...{ batchSize, loss: singleLabel.loss, optimizer, accumulate: 1, noise: [] },
    });
    const session = new Interpreter(program);
    await session.write(new Map([...base].filter(([name]) => model.frozen.has(name))));
    const state = new ModelState(session, groups);
    await state.set(of('adapter'), null);
    for (const step of [1, 2, 3])
      await session.run('train', {
        images,
        targets,
        weights: new Float32Array(batchSize).fill(1 / batchSize),
        scalars: stepScalars(optimizer, 1e-3, step),
      });
    const found = await state.trained();
    const slopes = of('grad');
    for (const [name, wanted] of of('after3')) {
      const { values } = found.get(name)!;
      const slope = slopes.get(name)!;
      // A step of AdamW is as long for a gradient that is all rounding (softmax does not depend on
      // the bias of k) as for any other; only the length of its way is known.
      const isSure = (at: number): boolean => Math.abs(slope[at]!) > 1e-6;
      const apart = (sure: boolean): number =>
        values.reduce(
          (most, value, at) =>
            isSure(at) === sure ? Math.max(most, Math.abs(value - wanted[at]!)) : most,
          0,
        );
      expect(apart(true), name).toBeLessThan(1e-5);
      expect(apart(false), name).toBeLessThan(2 * 3 * 1e-3);
    }
    await session.dispose();
  });
});

function defaultsOf(method: Tuning['method']): object {
  return methodSpec(method).options.defaults as object;
}
