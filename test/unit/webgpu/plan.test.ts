import { describe, expect, it } from 'vitest';
import { mostAlive } from '../../../main/backends/webgpu/arenas.ts';
import { planProgram, type ProgramPlan } from '../../../main/backends/webgpu/plan.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { gradients } from '../../../main/graph/differentiate.ts';
import { BATCH } from '../../../main/graph/dim.ts';
import * as g from '../../../main/graph/operations.ts';
import type { Program } from '../../../main/graph/program.ts';
import type { OpName } from '../../../main/graph/registry.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import { methodSpec, type Tuning } from '../../../shared/methods/registry.ts';
import type { VitArchitecture } from '../../../shared/models/vit.ts';
import { casesOf } from '../graph/cases.ts';
import { ROWS } from '../graph/operation-rows.ts';
import { randomGraph } from '../graph/random-graphs.ts';
import { overlaps, refusedBindings } from './plan-checks.ts';

const NO_LIMIT = 2 ** 31;

function expectSound(plan: ProgramPlan): void {
  for (const fn of Object.values(plan.functions)) {
    expect(overlaps(fn.lifetimes, fn.arenas)).toEqual([]);
    expect(refusedBindings(fn)).toEqual([]);
    for (const { bindings, offsets, workgroups, label } of fn.dispatches) {
      expect(bindings.length, label).toBeLessThanOrEqual(8);
      expect(Math.max(...workgroups), label).toBeLessThanOrEqual(65_535);
      expect(offsets.length, label).toBeLessThanOrEqual(64);
    }
  }
}

describe('a plan', () => {
  it.each(Object.keys(ROWS) as OpName[])('of %s and its gradients is sound', (op) => {
    const cases = casesOf(op);
    const outputs = Object.fromEntries(
      cases.flatMap((c) => [c.result, ...c.gradients]).map((t, i) => [String(i), t]),
    );
    const fn = { inputs: cases.flatMap((c) => c.inputs), outputs, updates: [] };
    const variables = cases.flatMap((c) => c.variables);
    expectSound(planProgram({ variables, functions: { fn } }, NO_LIMIT));
  });

  it.each(Array.from({ length: 30 }, (_, seed) => seed))('of random graph %i is sound', (seed) => {
    const { inputs, loss } = randomGraph(seed);
    const outputs = Object.fromEntries(
      [loss, ...gradients(loss, inputs)].map((t, i) => [String(i), t]),
    );
    expectSound(
      planProgram({ variables: [], functions: { f: { inputs, outputs, updates: [] } } }, NO_LIMIT),
    );
  });

  it('is the same each time', () => {
    const again = (): unknown => {
      const { functions } = planProgram(vitTiny('lora', 0, 2), NO_LIMIT);
      return functions['train']?.dispatches;
    };
    expect(again()).toEqual(again());
  });

  it('needs the batch size', () => {
    const x = g.input('x', [BATCH, 3]);
    const fn = { inputs: [x], outputs: { y: g.neg(x) }, updates: [] };
    const planned = (): unknown => planProgram({ variables: [], functions: { f: fn } }, NO_LIMIT);
    expect(planned).toThrow('"f" has an open batch');
  });
});

const VIT_TINY: VitArchitecture = {
  ...{ family: 'vit', imageSize: 224, patchSize: 16, width: 192, depth: 12, heads: 3 },
  ...{ mlpDim: 768, qkvBias: true, classes: 10, layerNormEpsilon: 1e-6 },
};

type MethodName = 'karst' | 'lora' | 'full' | 'linear';

/** A training step of ViT-Tiny/16 at 224 pixels, with clipping and AdamW. */
function vitTiny(method: MethodName, checkpointedBlocks: number, batchSize: number): Program {
  const tuning = { method, options: methodSpec(method).options.defaults } as Tuning;
  const tuner = tunerOf(tuning, VIT_TINY);
  const model = adaptedModel({ architecture: VIT_TINY, classes: 10, tuner, checkpointedBlocks });
  const { program } = trainingProgram(model, {
    ...{ batchSize, loss: singleLabel.loss, accumulate: 1 },
    optimizer: {
      ...{ name: 'adamw', learningRate: 1e-3, muonLearningRate: 0.02, weightDecay: 0.1 },
      ...{ decayOn: 'all', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clipNorm: 1 },
    },
  });
  const { train } = program.functions;
  return { variables: program.variables, functions: train === undefined ? {} : { train } };
}

describe('the plan of a step of ViT-Tiny', () => {
  // Calls and kernels are counted so that a change of either is seen; fewer are better.
  it.each([
    { method: 'karst', checkpointed: 0, calls: 1150, kernels: 160 },
    { method: 'lora', checkpointed: 0, calls: 640, kernels: 95 },
    { method: 'lora', checkpointed: 6, calls: 720, kernels: 105 },
    { method: 'full', checkpointed: 0, calls: 560, kernels: 95 },
    { method: 'linear', checkpointed: 0, calls: 105, kernels: 32 },
  ] as const)(
    'by $method, $checkpointed blocks checkpointed',
    ({ method, checkpointed, calls, kernels }) => {
      const plan = planProgram(vitTiny(method, checkpointed, 16), NO_LIMIT);
      expectSound(plan);
      const train = plan.functions['train'];
      if (train === undefined) throw new Error('no plan of the step');
      expect(train.copies).toEqual([]);
      const arena = train.arenas.sizes.reduce((a, b) => a + b, 0);
      expect(arena / mostAlive(train.lifetimes)).toBeLessThan(1.05);
      expect(train.dispatches.length).toBeLessThanOrEqual(calls);
      expect(new Set(train.dispatches.map(({ code }) => code)).size).toBeLessThanOrEqual(kernels);
    },
  );

  it('takes less memory when blocks are checkpointed', () => {
    const [kept, none] = [6, 0].map((n) => planProgram(vitTiny('lora', n, 16), NO_LIMIT).bytes);
    expect(kept).toBeLessThan(none ?? 0);
  });
});
