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
import { mainShapes, matrixWork } from './matrix-work.ts';
import type { ProductShape } from './products.ts';
import { answerSteps } from './step-answers.ts';
import { writeOne } from '../fixtures/engine/variables.ts';
import { MATMUL_PRECISIONS } from '../../shared/training/fields.ts';
import { KARST_DEFAULTS } from '../../shared/methods/karst.ts';

/**
 * Our training step as a subject: our-step.ts FOLDER HEADS [CHECKPOINTED_BLOCKS], driven like
 * `peers/step_peer.py`; HEADS is 0 where the configuration beside the weights says them. The line
 * `work` answers `{"gigaflop", "shapes"}`: the matrix work of a step, and the shapes whose rates the
 * line `products` answers: `{"ours"}`, those of the fastest products in this process.
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
  /** The function that is one step. */
  readonly train: ProgramFunction;
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
    train: stepOf(model, config),
  };
}

function stepOf(
  model: Model,
  { batchSize, optimizer, matmulPrecision }: TrainingConfig,
): ProgramFunction {
  const { program } = trainingProgram(model, {
    ...{ batchSize, loss: task.loss, optimizer, matmulPrecision, accumulate: 1 },
  });
  const train = program.functions['train'];
  if (train === undefined) throw new Error('the program has a step');
  return train;
}

/** A square product, large enough to be bound by arithmetic alone. */
const SQUARE: ProductShape = { rows: 2048, columns: 2048, depth: 2048 };
const TRIES = 8;

/** The best rate of a product at the faster of the two precisions, in 10⁹ floating point operations a second. */
async function rateOf(runtime: Runtime, { rows, columns, depth }: ProductShape): Promise<number> {
  const [a, b] = [g.variable('a', [rows, depth]), g.variable('b', [columns, depth])];
  const c = g.variable('c', [rows, columns]);
  // The result takes the place of a variable, so that nothing but the product is timed.
  const updates = [{ variable: c, value: g.matmul(a, b, { transposeB: true }) }];
  const product = { inputs: [], outputs: { done: g.scalar(1) }, updates };
  const functions = Object.fromEntries(
    MATMUL_PRECISIONS.map((precision): [string, ProgramFunction] => [
      precision,
      { ...product, matmulPrecision: precision },
    ]),
  );
  const session = runtime.open({ variables: [a, b, c], functions });
  try {
    await writeOne(session, 'a', new Float32Array(rows * depth).fill(1e-3));
    await writeOne(session, 'b', new Float32Array(columns * depth).fill(1e-3));
    await writeOne(session, 'c', session.zeros('c'));
    const seconds: number[] = [];
    for (const precision of MATMUL_PRECISIONS) {
      for (let i = 0; i < TRIES; i++) {
        const began = performance.now();
        await session.run(precision, {});
        seconds.push((performance.now() - began) / 1000);
      }
    }
    return (2 * rows * columns * depth) / Math.min(...seconds) / 1e9;
  } finally {
    await session.dispose();
  }
}

const runtime = await openRuntime();
const prepared = await prepare(runtime);
const shapes = [SQUARE, ...mainShapes(prepared.train)];
await answerSteps(() => prepared.make(), {
  work: () => ({ gigaflop: matrixWork(prepared.train) / 1e9, shapes }),
  async products() {
    const ours: number[] = [];
    for (const shape of shapes) ours.push(await rateOf(runtime, shape));
    return { ours };
  },
});
