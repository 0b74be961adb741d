import { TRAINING_DEFAULTS, type TrainingConfig } from '../../shared/domain/training.ts';
import type { Model } from '../../main/engine/model/model.ts';
import type { ProgramFunction } from '../../main/graph/program.ts';
import * as g from '../../main/graph/operations.ts';
import { openRuntime, type Runtime } from '../../main/engine/runtime/open-runtime.ts';
import { ModelState } from '../../main/engine/programs/model-state.ts';
import { prepareTraining } from '../../main/engine/train/prepare.ts';
import { trainingProgram } from '../../main/engine/programs/training.ts';
import { singleLabel as task } from '../../main/tasks/single-label.ts';
import { makeUpdate, targetSet } from '../../main/engine/train/update.ts';
import { readAllFloat32 } from '../../main/formats/safetensors.ts';
import { inspectBackbone } from '../../main/host/services/backbones/inspection.ts';
import { matrixWork } from './matrix-work.ts';
import { answerSteps } from './step-answers.ts';
import { writeOne } from '../fixtures/engine/variables.ts';
import { MATMUL_PRECISIONS } from '../../shared/training/fields.ts';
import { KARST_DEFAULTS } from '../../shared/methods/karst.ts';

/**
 * Our training step as a subject: our-step.ts FOLDER HEADS [CHECKPOINTED_BLOCKS], driven like
 * `peers/step_peer.py`; HEADS is 0 where the configuration beside the weights says them. The line `work` answers `{"gigaflop", "peakGigaflops"}`: the matrix work of
 * a step, and the rate of the fastest matrix product that TensorFlow achieves here.
 */

const [folder = '', heads = '', checkpointed = '0'] = process.argv.slice(2);

/**
 * Same settings as the peers: KARST as in its published code, one AdamW group, no clipping, no
 * randomness.
 */
function configFor(batchSize: number, imageSize: number): TrainingConfig {
  return {
    ...TRAINING_DEFAULTS,
    batchSize,
    imageSize,
    matmulPrecision: process.env['KARST_BENCH_PRECISION'] === 'highest' ? 'highest' : 'high',
    tuning: {
      method: 'karst',
      options: {
        ...KARST_DEFAULTS,
        rank: 8,
        factor: 8,
        kernels: 8,
        alpha: 1,
        rescale: 'scalar',
      },
    },
    optimizer: { ...TRAINING_DEFAULTS.optimizer, weightDecay: 1e-4, decayOn: 'all', clipNorm: 0 },
  };
}

interface PreparedStep {
  /** Runs one step and returns its loss. */
  make(): Promise<number>;
  /** Matrix work of a step in 10⁹ floating point operations. */
  readonly gigaflop: number;
}

async function prepare(runtime: Runtime): Promise<PreparedStep> {
  const weights = `${folder}/backbone.safetensors`;
  const { architecture, preprocessing } = await inspectBackbone(
    weights,
    Number(heads) > 0 ? { heads: Number(heads) } : undefined,
  );
  const batch = await readAllFloat32(`${folder}/batch.safetensors`);
  const pixels = batch.get('images') ?? new Float32Array();
  const labels = [...(batch.get('labels') ?? [])];
  const start = await readAllFloat32(`${folder}/adapter.safetensors`);
  const classes = start.get('head.bias')?.length ?? 0;
  const config = configFor(labels.length, architecture.imageSize);
  const reference = { path: weights, sha256: '', name: 'backbone', architecture, preprocessing };
  const prepared = await prepareTraining(
    reference,
    config,
    { task, classes },
    runtime,
    Number(checkpointed),
  );
  const { model, session, groups, noise, initial } = prepared;
  const missing = [...initial.keys()].filter((name) => !start.has(name));
  if (missing.length > 0 || initial.size !== start.size)
    throw new Error(`the peers train other tensors: ${missing.join(', ')}`);
  await new ModelState(session, groups).set(start, null);
  const targets = targetSet(task, labels, classes, config);
  const parts = { session, noise, config, task, targets };
  const indices = Int32Array.from(labels.keys());
  const group = [
    { pixels, indices, count: labels.length, partners: indices, lambda: 1, problems: [] },
  ];
  let step = 0;
  return {
    async make() {
      const { loss } = await makeUpdate(parts, group, {
        epoch: 0,
        batch: 0,
        step,
        learningRate: 1e-3,
      });
      step += 1;
      return loss;
    },
    gigaflop: stepWork(model, config) / 1e9,
  };
}

function stepWork(model: Model, { batchSize, optimizer, matmulPrecision }: TrainingConfig): number {
  const { program } = trainingProgram(model, {
    ...{ batchSize, loss: task.loss, optimizer, matmulPrecision, accumulate: 1 },
  });
  const train = program.functions['train'];
  if (train === undefined) throw new Error('the program has a step');
  return matrixWork(train);
}

/**
 * Rate of square products large enough to be compute-bound, at the faster of the two precisions.
 */
async function peakGigaflops(runtime: Runtime): Promise<number> {
  const side = 2048;
  const a = g.variable('a', [side, side]);
  const total = g.sumAll(g.matmul(a, a));
  const product = { inputs: [], outputs: { total }, updates: [] };
  const functions = Object.fromEntries(
    MATMUL_PRECISIONS.map((precision): [string, ProgramFunction] => [
      precision,
      { ...product, matmulPrecision: precision },
    ]),
  );
  const session = runtime.open({ variables: [a], functions });
  try {
    await writeOne(session, 'a', new Float32Array(side * side).fill(1e-3));
    const seconds: number[] = [];
    for (const precision of MATMUL_PRECISIONS) {
      for (let i = 0; i < 8; i++) {
        const began = performance.now();
        await session.run(precision, {});
        seconds.push((performance.now() - began) / 1000);
      }
    }
    return (2 * side ** 3) / Math.min(...seconds) / 1e9;
  } finally {
    await session.dispose();
  }
}

const runtime = await openRuntime();
const prepared = await prepare(runtime);
await answerSteps(() => prepared.make(), {
  work: async () => ({
    gigaflop: prepared.gigaflop,
    peakGigaflops: await peakGigaflops(runtime),
  }),
});
