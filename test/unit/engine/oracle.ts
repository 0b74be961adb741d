import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { karstLinears } from '../../../shared/methods/karst.ts';
import { modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import { karstTuner } from '../../fixtures/engine/adapted.ts';
import { plainModel } from '../../../main/engine/model/plain-model.ts';
import type { Model } from '../../../main/engine/model/model.ts';
import { adaptedWeight } from '../../../main/tuning/karst-linear.ts';
import { deltaWeight64 } from '../../../main/tuning/karst-delta.ts';
import { mergedTensors } from '../../../main/tuning/merge.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Session } from '../../../main/backends/session.ts';
import type { Program } from '../../../main/graph/program.ts';
import type { Variable } from '../../../main/graph/ops/variable.ts';
import { stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { packGroup } from '../../../main/engine/programs/parameters.ts';
import { evaluationProgram } from '../../../main/engine/programs/evaluation.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import type { PackedProgram } from '../../../main/engine/programs/weights.ts';
import { readAllFloat32, SafetensorsFile } from '../../../main/formats/safetensors.ts';
import { type OptimizerOptions } from '../../../shared/domain/training.ts';
import { TARGET_MODULES } from '../../../shared/methods/target-modules.ts';
import type { KarstOptions } from '../../../shared/methods/karst.ts';
import { readGroups } from '../../fixtures/engine/variables.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';

/**
 * A tiny ViT, an adapter and a batch with all derived values, computed in float64 by an independent
 * PyTorch implementation. manifest.json describes each tensor, the formulas and the tolerances.
 */
const FOLDER = join(import.meta.dirname, '../../fixtures/oracle');
type Tensors = ReadonlyMap<string, Float32Array>;
const read = (name: string): Promise<Tensors> =>
  readAllFloat32(join(FOLDER, `${name}.safetensors`));

interface OracleOptimizer {
  lr: number;
  weight_decay: number;
  beta1: number;
  beta2: number;
  eps: number;
}
type Tolerance =
  | 'logits'
  | 'loss'
  | 'grads'
  | 'after1'
  | 'after3'
  | 'after3_strong'
  | 'delta'
  | 'merged'
  | 'logits_after3';
interface Manifest {
  config: Record<
    'img_size' | 'patch_size' | 'width' | 'depth' | 'heads' | 'mlp_ratio' | 'classes',
    number
  > &
    Record<'rank' | 'factor' | 'kernels' | 'alpha' | 'batch', number>;
  optimizer: OracleOptimizer;
  optimizer_strong: OracleOptimizer;
  trainable: { adapter: number; head: number };
  gauge: { tensors: string[] };
  suggested_atol: Record<Tolerance, number>;
}
const manifest = JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')) as Manifest;
const { config, suggested_atol: atol } = manifest;
const gauge = new Set(manifest.gauge.tensors);

const architecture: Architecture = {
  family: 'vit',
  imageSize: config.img_size,
  patchSize: config.patch_size,
  width: config.width,
  depth: config.depth,
  heads: config.heads,
  mlpDim: config.width * config.mlp_ratio,
  qkvBias: true,
  classes: config.classes,
  layerNormEpsilon: 1e-6,
};
const karst: KarstOptions = {
  rank: config.rank,
  factor: config.factor,
  kernels: config.kernels,
  alpha: config.alpha,
  init: 'gaussian',
  rescale: 'scalar',
  targetModules: TARGET_MODULES,
  rankDropout: 0,
};
const linears = karstLinears(modelSpec(architecture), karst);
const tuner = tunerOf({ method: 'karst', options: karst }, architecture);
const adaptation = { architecture, classes: config.classes, tuner };
const adapted = adaptedModel(adaptation);
/** Both ways to compute the factors' gradients, and the automatic choice. */
const WAYS = [
  { way: 'chosen', adapted },
  {
    way: 'dense',
    adapted: adaptedModel({ ...adaptation, tuner: karstTuner(architecture, karst, false) }),
  },
  {
    way: 'factored',
    adapted: adaptedModel({ ...adaptation, tuner: karstTuner(architecture, karst, true) }),
  },
];
const plain = plainModel(architecture, config.classes);

function optimizerOf(o: OracleOptimizer): OptimizerOptions {
  return {
    name: 'adamw',
    learningRate: o.lr,
    muonLearningRate: 0.02,
    weightDecay: o.weight_decay,
    decayOn: 'all',
    beta1: o.beta1,
    beta2: o.beta2,
    epsilon: o.eps,
    clipNorm: 0,
  };
}

let base: Tensors;
let start: Tensors;
let expected: Tensors;
let images: Float32Array;
let targets: Float32Array;

beforeAll(async () => {
  base = await read('base');
  // At step 0 the head is the backbone's.
  const head = [...base].filter(([name]) => name.startsWith('head.'));
  start = new Map([...(await read('adapter')), ...head]);
  expected = await read('expected');
  const file = await SafetensorsFile.open(join(FOLDER, 'batch.safetensors'));
  images = await file.readFloat32('images');
  const labels = new BigInt64Array((await file.readBytes('labels')).slice().buffer);
  await file.close();
  targets = new Float32Array(config.batch * config.classes);
  labels.forEach((label, i) => (targets[i * config.classes + Number(label)] = 1));
});

/** One way to run programs, prepared once before its tests. */
export interface OracleSession {
  readonly name: string;
  readonly prepare: () => Promise<boolean>;
  readonly execute: (program: Program) => Session;
}

/** Requires a back end to have everything that the oracle says of forward pass, gradients and steps. */
export function testSession({ name, prepare, execute }: OracleSession): void {
  // A card in software takes seconds to compile each kernel.
  describe(`the oracle on ${name}`, { timeout: 1_200_000 }, () => {
    beforeAll(async () => {
      expect(await prepare()).toBe(true);
    });

    /** Opens a program with its weights set and all other training state at zero. */
    async function load(
      { program, groups }: PackedProgram,
      model: Model,
      weights: Tensors,
    ): Promise<Session> {
      const session = execute(program);
      const values = new Map(
        program.variables.map(({ attributes: { name }, shape }) => {
          const zeros = new Float32Array(shape.reduce((product, side) => product * side, 1));
          return [name, model.frozen.has(name) ? of(weights, name) : zeros] as const;
        }),
      );
      for (const group of groups) values.set(`trained.${group.name}`, packGroup(group, weights));
      await session.write(values);
      return session;
    }

    async function evaluate(model: Model, weights: Tensors): Promise<Float32Array> {
      const session = await load(evaluationProgram(model, config.batch), model, weights);
      if (model.merged !== undefined) await session.run('merge', {});
      const logits = of(
        new Map(Object.entries(await session.run('evaluate', { images }))),
        'logits',
      );
      await session.dispose();
      return logits;
    }

    function fed(): Record<string, Float32Array> {
      return { images, targets, weights: new Float32Array(config.batch).fill(1 / config.batch) };
    }

    const options = (optimizer: OptimizerOptions, accumulate: number) => ({
      batchSize: config.batch,
      loss: singleLabel.loss,
      optimizer,
      accumulate,
    });

    it('has the logits of the backbone, of the adapted model, merged in the graph or not, and of the merged one', async () => {
      expectClose(await evaluate(plain, base), of(expected, 'base_logits'), atol.logits);
      const weights = new Map([...base, ...start]);
      expectClose(await evaluate(adapted, weights), of(expected, 'logits'), atol.logits);
      const inGraph = adaptedModel({ ...adaptation, merged: true });
      expectClose(await evaluate(inGraph, weights), of(expected, 'logits'), atol.logits);
      const merged = await evaluate(plain, await read('merged'));
      expectClose(merged, of(expected, 'merged_logits'), atol.logits);
      const mergedAfter3 = await evaluate(plain, await read('merged_after3'));
      expectClose(mergedAfter3, of(expected, 'logits_after3'), atol.logits_after3);
    });

    it('has every ΔW', async () => {
      const deltas = await read('delta');
      const variables: Variable[] = [...adapted.trained].map(([name, shape]) =>
        g.variable(name, shape),
      );
      const byName = new Map(variables.map((v) => [v.attributes.name, v]));
      const outputs = linears.map((linear) => {
        const nothing = g.broadcastTo(g.scalar(0), [linear.out, linear.in]);
        const delta = adaptedWeight(linear, karst, (name) => byName.get(name) ?? nothing);
        return [linear.path, delta] as const;
      });
      const fn = { inputs: [], outputs: Object.fromEntries(outputs), updates: [] };
      const session = execute({ variables, functions: { deltas: fn } });
      await session.write(start);
      const found = await session.run('deltas', {});
      await session.dispose();
      expect(Object.keys(found).sort()).toEqual(
        [...deltas.keys()].map((k) => k.replace('.delta_weight', '')).sort(),
      );
      for (const [module, values] of Object.entries(found)) {
        expectClose(values, of(deltas, `${module}.delta_weight`), atol.delta, module);
      }
    });

    it.each(WAYS)('has the loss and every gradient, $way', async ({ adapted }) => {
      const gradients = await read('grads');
      // Accumulated over a single batch, the sums equal its gradients.
      const training = trainingProgram(adapted, options(optimizerOf(manifest.optimizer), 2));
      const session = await load(training, adapted, new Map([...base, ...start]));
      const { loss, logits } = await session.run('accumulate', fed());
      expectClose(loss ?? [], of(expected, 'losses').slice(0, 1), atol.loss);
      expectClose(logits ?? [], of(expected, 'logits'), atol.logits);
      const found = await readGroups(session, 'sum', training.groups);
      await session.dispose();

      expect([...found.keys()].sort()).toEqual([...gradients.keys()].sort());
      const { adapter, head } = manifest.trainable;
      expect([...found.values()].reduce((size, values) => size + values.length, 0)).toBe(
        adapter + head,
      );
      for (const [name, values] of found) {
        if (gauge.has(name)) expectClose(values, [0], 1e-5, name);
        else expectClose(values, of(gradients, name), atol.grads, name);
      }
    });

    const runs = [
      {
        title: 'the usual AdamW',
        optimizer: manifest.optimizer,
        after: { 1: 'after1', 3: 'after3' },
      },
      {
        title: 'a strong AdamW',
        optimizer: manifest.optimizer_strong,
        after: { 3: 'after3_strong' },
      },
    ] as const;
    it.each(runs)(
      'has the state after 1 and 3 steps of $title',
      async ({ title, optimizer, after }) => {
        const o = optimizerOf(optimizer);
        const training = trainingProgram(adapted, options(o, 1));
        const session = await load(training, adapted, new Map([...base, ...start]));
        const losses: number[] = [];
        for (let step = 1; step <= 3; step++) {
          const { loss } = await session.run('train', {
            ...fed(),
            scalars: stepScalars(o, o.learningRate, step),
          });
          losses.push(loss?.[0] ?? NaN);
          const reference = new Map<number, Tolerance>(
            Object.entries(after).map(([k, v]) => [Number(k), v]),
          ).get(step);
          if (reference === undefined) continue;
          const wanted = await read(reference);
          const found = await readGroups(session, 'trained', training.groups);
          expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
          for (const [name, values] of found) {
            // Their exact gradient is 0: AdamW turns rounding noise into up to one learning rate per
            // step.
            if (gauge.has(name))
              expectClose(values, of(start, name), (step + 0.1) * o.learningRate, name);
            else expectClose(values, of(wanted, name), atol[reference], name);
          }
        }
        const logits = (await session.run('evaluate', { images }))['logits'] ?? [];
        await session.dispose();
        if (title !== 'the usual AdamW') return;
        expectClose(losses, of(expected, 'losses').slice(0, 3), atol.loss);
        expectClose(logits, of(expected, 'logits_after3'), atol.logits_after3);
      },
    );
  });
}

/** Requires merging by definition, in float64, to have what the oracle says. */
export function testMerging(): void {
  describe('the oracle and merging in float64', () => {
    it('has every ΔW', async () => {
      const deltas = await read('delta');
      for (const linear of linears) {
        const values = deltaWeight64(linear, karst, start);
        expectClose(values, of(deltas, `${linear.path}.delta_weight`), atol.delta, linear.path);
      }
      expect(deltas.size).toBe(linears.length);
    });

    it.each([
      { adapter: 'adapter', merged: 'merged' },
      { adapter: 'after3', merged: 'merged_after3' },
    ])('has every tensor of $merged', async ({ adapter, merged }) => {
      const wanted = await read(merged);
      const before = new Map([...base].map(([name, values]) => [name, values.slice()]));
      const found = mergedTensors(tuner, await read(adapter), base);
      expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
      for (const [name, values] of found) expectClose(values, of(wanted, name), atol.merged, name);
      expect(base).toEqual(before);
    });
  });
}

function of(tensors: Tensors, name: string): Float32Array {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`no tensor "${name}"`);
  return found;
}

/**
 * Requires |actual − expected| ≤ tolerance for every element; tolerances are absolute, as in the
 * manifest.
 */
function expectClose(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  expect(actual.length, what).toBe(wanted.length);
  const differences = Array.from(wanted, (value, i) => Math.abs((actual[i] ?? NaN) - value));
  expect(differences.every(Number.isFinite), what).toBe(true);
  expect(Math.max(...differences), what).toBeLessThanOrEqual(tolerance);
}
