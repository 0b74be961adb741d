import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { learningRateAt, stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { packGroup, parameterGroups } from '../../../main/engine/programs/parameters.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { completeConfig, PRESETS, type OptimizerOptions } from '../../../shared/domain/training.ts';
import { headTensors } from '../../../shared/models/head.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { randomTensors } from './random-tensors.ts';
import { readGroups, writeOne } from '../../fixtures/engine/variables.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

const CLASSES = 3;
const BATCH = 4;
const OPTIMIZER: OptimizerOptions = {
  name: 'adamw',
  learningRate: 0.01,
  muonLearningRate: 0.02,
  weightDecay: 0.2,
  decayOn: 'matrices',
  beta1: 0.8,
  beta2: 0.95,
  // Large, so that the update depends on the gradient's magnitude, not only on its sign.
  epsilon: 0.5,
  clipNorm: 0,
};
const karst = { ...KARST_DEFAULTS, rank: 2, factor: 4, alpha: 3 };
const model = adapted({ architecture: SMALLEST_VIT, classes: CLASSES, method: 'karst', karst });
const frozen = randomTensors(model.frozen, 1, 0.3);
const trained = randomTensors(model.trained, 2, 0.3);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function load(optimizer: OptimizerOptions, accumulate: number) {
  const options = {
    batchSize: BATCH,
    loss: singleLabel.loss,
    optimizer,
    accumulate,
  };
  const { program, groups } = trainingProgram(model, options);
  const session = new Interpreter(program);
  await session.write(
    new Map(
      program.variables.map(({ attributes: { name }, shape }) => {
        const zeros = new Float32Array(shape.reduce((a, b) => a * b, 1));
        return [name, frozen.get(name) ?? zeros];
      }),
    ),
  );
  for (const group of groups)
    await writeOne(session, `trained.${group.name}`, packGroup(group, trained));
  const tensors = (role: string): Promise<Map<string, Float32Array>> =>
    readGroups(session, role, groups);
  return { session, tensors };
}

function batch(seed: number): Record<string, Float32Array> {
  const images = randomTensors(new Map([['images', [BATCH, 3, 16, 16]]]), seed).get('images')!;
  const targets = new Float32Array(BATCH * CLASSES);
  for (let row = 0; row < BATCH; row++) targets[row * CLASSES + ((row + seed) % CLASSES)] = 1;
  return { images, targets, weights: new Float32Array(BATCH).fill(1 / BATCH) };
}

/** The gradients of one batch: accumulated over a single batch, the sums equal the gradients. */
async function gradientsOf(
  inputs: Record<string, Float32Array>,
): Promise<Map<string, Float32Array>> {
  const { session, tensors } = await load(OPTIMIZER, 2);
  await session.run('accumulate', inputs);
  const found = await tensors('sum');
  await session.dispose();
  return found;
}
const DECAYED = /\.karst_[abc]$|^head\.weight$/;

/** Two AdamW steps in float64. */
function adamW(
  o: OptimizerOptions,
  gradients: readonly ReadonlyMap<string, Float32Array>[],
  decays: (name: string) => boolean,
): Map<string, number[]> {
  const norms = gradients.map((byName) =>
    Math.sqrt([...byName.values()].flatMap((v) => [...v]).reduce((sum, x) => sum + x * x, 0)),
  );
  return new Map(
    [...trained].map(([name, start]) => {
      const values = [...start].map((initial, i) => {
        let [p, m, v] = [initial, 0, 0];
        gradients.forEach((byName, index) => {
          const t = index + 1;
          const shrink = o.clipNorm > 0 ? Math.min(1, o.clipNorm / norms[index]!) : 1;
          const gradient = byName.get(name)![i]! * shrink;
          m = o.beta1 * m + (1 - o.beta1) * gradient;
          v = o.beta2 * v + (1 - o.beta2) * gradient ** 2;
          if (decays(name)) p *= 1 - o.learningRate * o.weightDecay;
          const mHat = m / (1 - o.beta1 ** t);
          p -= (o.learningRate * mHat) / (Math.sqrt(v / (1 - o.beta2 ** t)) + o.epsilon);
        });
        return p;
      });
      return [name, values] as const;
    }),
  );
}

function expectAll(
  found: ReadonlyMap<string, Float32Array>,
  wanted: ReadonlyMap<string, ArrayLike<number>>,
  tolerance: number,
): void {
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, values] of found) {
    const other = wanted.get(name)!;
    const apart = values.reduce((d, x, i) => Math.max(d, Math.abs(x - other[i]!)), 0);
    expect(apart, name).toBeLessThan(tolerance);
  }
}

describe('AdamW', () => {
  it.each([
    { title: 'decays matrices only', o: OPTIMIZER, decays: (n: string) => DECAYED.test(n) },
    { title: 'decays all when told', o: { ...OPTIMIZER, decayOn: 'all' }, decays: () => true },
    { title: 'clips', o: { ...OPTIMIZER, clipNorm: 0.05 }, decays: (n: string) => DECAYED.test(n) },
    {
      title: 'leaves small norms',
      o: { ...OPTIMIZER, clipNorm: 1e6 },
      decays: (n: string) => DECAYED.test(n),
    },
  ] as const)('$title, as two steps by the formula', async ({ o, decays }) => {
    const { session, tensors } = await load(o, 1);
    const gradients = [];
    for (const step of [1, 2]) {
      const inputs = batch(step);
      // The gradient at the current weights, computed by a separate program.
      const present = await tensors('trained');
      const other = await load(o, 2);
      for (const group of parameterGroups(model.trainedTensors, o.decayOn))
        await writeOne(other.session, `trained.${group.name}`, packGroup(group, present));
      await other.session.run('accumulate', inputs);
      gradients.push(new Map([...(await other.tensors('sum'))].map(([n, v]) => [n, v.slice()])));
      await other.session.dispose();
      const { gradientNorm } = await session.run('train', {
        ...inputs,
        scalars: stepScalars(o, o.learningRate, step),
      });
      const squares = [...gradients[step - 1]!.values()].flatMap((v) => [...v]);
      const norm = Math.sqrt(squares.reduce((sum, x) => sum + x * x, 0));
      expect(norm).toBeGreaterThan(0.1);
      // The reported norm is the one before clipping.
      expect((gradientNorm?.[0] ?? NaN) / norm).toBeCloseTo(1, 4);
    }
    expectAll(await tensors('trained'), adamW(o, gradients, decays), 2e-6);
    await session.dispose();
  });

  it('makes of two accumulated halves what it makes of the whole, and starts the next sum at zero', async () => {
    const { session, tensors } = await load(OPTIMIZER, 2);
    const whole = await gradientsOf(batch(1));
    const halves = [0, 1].map((half) => {
      const inputs = batch(1);
      inputs['weights']!.forEach((_, row) => {
        if (Math.floor(row / 2) !== half) inputs['weights']![row] = 0;
      });
      return inputs;
    });
    for (const half of halves) await session.run('accumulate', half);
    expectAll(await tensors('sum'), whole, 1e-6);
    await session.run('apply', { scalars: stepScalars(OPTIMIZER, OPTIMIZER.learningRate, 1) });
    expectAll(
      await tensors('trained'),
      adamW(OPTIMIZER, [whole], (n) => DECAYED.test(n)),
      2e-6,
    );
    for (const values of (await tensors('sum')).values())
      expect(values.every((v) => v === 0)).toBe(true);
    await session.dispose();
  });
});

describe('the groups', () => {
  it('decay matrices and nothing else of a whole model', () => {
    const whole = adapted({ architecture: SMALLEST_VIT, classes: 3, method: 'full', karst });
    const [decayed, undecayed] = parameterGroups(whole.trainedTensors, 'matrices');
    const names = (group: typeof decayed): string[] => group!.tensors.map((t) => t.name);
    const blocks = [0, 1].flatMap((i) =>
      ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'].map((m) => `blocks.${String(i)}.${m}.weight`),
    );
    expect(names(decayed).sort()).toEqual(
      [...blocks, 'patch_embed.proj.weight', 'head.weight'].sort(),
    );
    expect(names(undecayed)).toEqual(
      expect.arrayContaining(['cls_token', 'pos_embed', 'norm.weight', 'head.bias']),
    );
    expect(decayed!.tensors.length + undecayed!.tensors.length).toBe(whole.trained.size);
    expect(parameterGroups(whole.trainedTensors, 'all')).toHaveLength(1);
  });

  it('take a tensor of the wrong size for the mistake it is', () => {
    const [group] = parameterGroups(headTensors(2, 2).slice(0, 1), 'all');
    expect(() => packGroup(group!, new Map([['head.weight', new Float32Array(3)]]))).toThrow(
      /head\.weight/,
    );
  });
});

describe('the learning rate', () => {
  const schedule = { epochs: 3, warmupEpochs: 1, warmupStart: 0.1, cosineEnd: 0.2 };
  const at = (step: number, s = schedule): number => learningRateAt(step, 10, 2, s);

  it('warms up linearly and falls along a cosine', () => {
    expect(at(0)).toBeCloseTo(0.2, 12);
    expect(at(5)).toBeCloseTo(1.1, 12);
    expect(at(10)).toBe(2);
    expect(at(15)).toBeCloseTo(2 * (0.2 + 0.8 * 0.5 * (1 + Math.SQRT1_2)), 12);
    expect(at(20)).toBeCloseTo(2 * 0.6, 12);
    expect(at(30)).toBeCloseTo(0.4, 12);
    for (let step = 11; step < 30; step++) expect(at(step)).toBeLessThan(at(step - 1));
  });

  it('has no warm-up when there is none, and stays finite when there is nothing else', () => {
    expect(at(0, { ...schedule, warmupEpochs: 0 })).toBe(2);
    expect(at(29, { ...schedule, warmupEpochs: 3 })).toBeCloseTo(2 * (0.1 + (0.9 * 29) / 30), 12);
    expect(at(30, { ...schedule, warmupEpochs: 3 })).toBe(2);
    expect(at(10, { ...schedule, warmupEpochs: 0.5 })).toBeLessThan(2);
    expect(at(5, { ...schedule, warmupEpochs: 0.5 })).toBe(2);
  });

  it('follows the published code in its preset', () => {
    const { schedule: paper, optimizer } = completeConfig(PRESETS['paper-code']);
    const rate = (epoch: number): number =>
      learningRateAt(epoch * 7, 7, optimizer.learningRate, paper);
    expect(rate(0)).toBeCloseTo(1e-5, 12);
    expect(rate(10)).toBeCloseTo(1e-3, 12);
    expect(rate(55)).toBeCloseTo((1e-3 + 1e-4) / 2, 12);
    expect(rate(100)).toBeCloseTo(1e-4, 12);
  });
});
