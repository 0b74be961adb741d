import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapted } from '../../fixtures/engine/adapted.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import type { Session } from '../../../main/backends/session.ts';
import type { Program } from '../../../main/graph/program.ts';
import { loadTensorFlow, openNativeSession } from '../../../main/engine/runtime/tensorflow.ts';
import { stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { packGroup, parameterGroups } from '../../../main/engine/programs/parameters.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { type OptimizerOptions } from '../../../shared/domain/training.ts';
import { KARST_DEFAULTS } from '../../../shared/methods/karst.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';
import { distance, randomTensors } from './random-tensors.ts';
import { readGroups, writeOne } from '../../fixtures/engine/variables.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

const CLASSES = 3;
const BATCH = 4;
const OPTIMIZER: OptimizerOptions = {
  name: 'muon',
  learningRate: 0.01,
  muonLearningRate: 0.1,
  weightDecay: 0.2,
  decayOn: 'matrices',
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 0.5,
  clipNorm: 0.05,
};
const model = adapted({
  architecture: SMALLEST_VIT,
  classes: CLASSES,
  method: 'full',
  karst: KARST_DEFAULTS,
});
const start = randomTensors(model.trained, 2, 0.3);
const MATRIX = /^blocks\.\d\.(attn\.(qkv|proj)|mlp\.fc[12])\.weight$/;

const SESSIONS = [
  {
    name: 'the interpreter on tfjs-core',
    prepare: () => tf.setBackend('cpu'),
    execute: (program: Program): Session => new Interpreter(program),
  },
  {
    name: 'native TensorFlow, compiled by XLA',
    prepare: async () => {
      loadTensorFlow();
      return tf.setBackend('tensorflow');
    },
    execute: (program: Program): Session => openNativeSession(program),
  },
];

function batch(seed: number): Record<string, Float32Array> {
  const images = randomTensors(new Map([['images', [BATCH, 3, 16, 16]]]), seed).get('images')!;
  const targets = new Float32Array(BATCH * CLASSES);
  for (let row = 0; row < BATCH; row++) targets[row * CLASSES + ((row + seed) % CLASSES)] = 1;
  return { images, targets, weights: new Float32Array(BATCH).fill(1 / BATCH) };
}

type Matrix = number[][];

/**
 * Muon as in its author's code, on arrays of rows: momentum, Nesterov, five quintic iterations,
 * scale, decay.
 */
class Reference {
  readonly parameters: Matrix;
  #momentum: Matrix;

  constructor(values: ArrayLike<number>, columns: number) {
    this.parameters = rowsOf(values, columns);
    this.#momentum = this.parameters.map((row) => row.map(() => 0));
  }

  step(gradient: Matrix, rate: number, decay: number): void {
    this.#momentum = combined(0.95, this.#momentum, 1, gradient);
    const update = orthogonalised(combined(1, gradient, 0.95, this.#momentum));
    const scale = Math.sqrt(Math.max(1, gradient.length / gradient[0]!.length));
    this.parameters.forEach((row, i) =>
      row.forEach((p, j) => (row[j] = p * (1 - rate * decay) - rate * scale * update[i]![j]!)),
    );
  }
}

const rowsOf = (values: ArrayLike<number>, columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, i) =>
    Array.from({ length: columns }, (_, j) => values[i * columns + j]!),
  );
const combined = (a: number, x: Matrix, b: number, y: Matrix): Matrix =>
  x.map((row, i) => row.map((value, j) => a * value + b * y[i]![j]!));
const transposed = (x: Matrix): Matrix => x[0]!.map((_, j) => x.map((row) => row[j]!));
const product = (x: Matrix, y: Matrix): Matrix =>
  x.map((row) => y[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * y[k]![j]!, 0)));

function orthogonalised(matrix: Matrix): Matrix {
  if (matrix.length > matrix[0]!.length) return transposed(orthogonalised(transposed(matrix)));
  const norm = Math.hypot(...matrix.flat());
  let x = matrix.map((row) => row.map((value) => value / (norm + 1e-7)));
  for (let i = 0; i < 5; i++) {
    const a = product(x, transposed(x));
    x = combined(3.4445, x, 1, product(combined(-4.775, a, 2.0315, product(a, a)), x));
  }
  return x;
}

describe.each(SESSIONS)('Muon on $name', { timeout: 120_000 }, ({ prepare, execute }) => {
  beforeAll(async () => {
    expect(await prepare()).toBe(true);
  });

  async function load(optimizer: OptimizerOptions, accumulate: number) {
    const { program, groups } = trainingProgram(model, {
      batchSize: BATCH,
      loss: singleLabel.loss,
      optimizer,
      accumulate,
    });
    const session = execute(program);
    const zeros = program.variables.map(({ attributes: { name }, shape }) => {
      return [name, new Float32Array(shape.reduce((a, b) => a * b, 1))] as const;
    });
    await session.write(new Map(zeros));
    for (const group of groups)
      await writeOne(session, `trained.${group.name}`, packGroup(group, start));
    const tensors = (role: string): Promise<Map<string, Float32Array>> =>
      readGroups(session, role, groups);
    return {
      session,
      tensors,
      set: async (values: ReadonlyMap<string, Float32Array>) => {
        for (const group of groups)
          await writeOne(session, `trained.${group.name}`, packGroup(group, values));
      },
    };
  }

  it('takes two steps of every matrix, each third of the qkv by itself, as by its definition', async () => {
    const trained = await load(OPTIMIZER, 1);
    const probe = await load(OPTIMIZER, 2);
    const references = new Map<string, Reference[]>();
    for (const [name, shape] of model.trained) {
      if (!MATRIX.test(name)) continue;
      const parts = name.includes('qkv') ? 3 : 1;
      const values = start.get(name)!;
      const size = values.length / parts;
      references.set(
        name,
        Array.from({ length: parts }, (_, i) => {
          return new Reference(values.subarray(i * size, (i + 1) * size), shape[1]!);
        }),
      );
    }
    expect(references.size).toBe(8);
    for (const step of [1, 2]) {
      const inputs = batch(step);
      await probe.set(await trained.tensors('trained'));
      await writeOne(probe.session, 'sum.muon', new Float32Array(sizeOf('muon')));
      await writeOne(probe.session, 'sum.decayed', new Float32Array(sizeOf('decayed')));
      await writeOne(probe.session, 'sum.undecayed', new Float32Array(sizeOf('undecayed')));
      await probe.session.run('accumulate', inputs);
      const gradients = await probe.tensors('sum');
      const norm = Math.hypot(...[...gradients.values()].map((v) => Math.hypot(...v)));
      const shrink = OPTIMIZER.clipNorm / norm;
      expect(shrink).toBeLessThan(1);
      // Half of both peak learning rates, as a schedule would set them.
      const scalars = stepScalars(OPTIMIZER, OPTIMIZER.learningRate / 2, step);
      const { gradientNorm } = await trained.session.run('train', { ...inputs, scalars });
      expect(gradientNorm![0]! / norm).toBeCloseTo(1, 4);
      for (const [name, parts] of references) {
        const columns = model.trained.get(name)![1]!;
        const rows = rowsOf(gradients.get(name)!, columns).map((row) => row.map((d) => d * shrink));
        const height = rows.length / parts.length;
        parts.forEach((part, i) =>
          part.step(rows.slice(i * height, (i + 1) * height), 0.05, OPTIMIZER.weightDecay),
        );
      }
    }
    const found = await trained.tensors('trained');
    for (const [name, parts] of references) {
      const wanted = parts.flatMap((part) => part.parameters.flat());
      expect(distance(found.get(name)!, wanted), name).toBeLessThan(2e-4);
      expect(distance(found.get(name)!, start.get(name)!), name).toBeGreaterThan(1e-2);
    }
    await trained.session.dispose();
    await probe.session.dispose();
  });

  it('leaves everything else to AdamW', async () => {
    const muon = await load(OPTIMIZER, 1);
    const adamW = await load({ ...OPTIMIZER, name: 'adamw' }, 1);
    const step = { ...batch(1), scalars: stepScalars(OPTIMIZER, OPTIMIZER.learningRate, 1) };
    await muon.session.run('train', step);
    await adamW.session.run('train', step);
    const [found, other] = [await muon.tensors('trained'), await adamW.tensors('trained')];
    expect([...found.keys()].sort()).toEqual([...model.trained.keys()].sort());
    for (const [name, values] of found) {
      const apart = distance(values, other.get(name)!);
      if (MATRIX.test(name)) expect(apart, name).toBeGreaterThan(1e-2);
      else expect(apart, name).toBeLessThan(1e-6);
    }
    await muon.session.dispose();
    await adamW.session.dispose();
  });
});

const groups = parameterGroups(model.trainedTensors, 'matrices', 'muon');
function sizeOf(name: string): number {
  return groups.find((group) => group.name === name)!.size;
}

describe('what Muon trains', () => {
  it('is the matrices of the blocks, and nothing without it', () => {
    const names = groups.map((g) => [g.name, g.tensors.map((t) => t.name)] as const);
    const orthogonal = new Map(names).get('muon')!;
    expect(orthogonal.every((name) => MATRIX.test(name))).toBe(true);
    expect(orthogonal).toHaveLength(8);
    expect(new Map(names).get('decayed')!.sort()).toEqual([
      'head.weight',
      'patch_embed.proj.weight',
    ]);
    expect(groups.reduce((n, group) => n + group.tensors.length, 0)).toBe(model.trained.size);
    expect(parameterGroups(model.trainedTensors, 'matrices').map((group) => group.name)).toEqual([
      'decayed',
      'undecayed',
    ]);
  });
});
