import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../main/backends/session.ts';
import { Interpreter } from '../../../main/backends/tfjs/interpreter.ts';
import { WebGpuSession } from '../../../main/backends/webgpu/session.ts';
import { adaptedModel } from '../../../main/engine/model/adapted-model.ts';
import { stepScalars } from '../../../main/engine/programs/optimizer.ts';
import { trainingProgram } from '../../../main/engine/programs/training.ts';
import { randomStream } from '../../../main/engine/random.ts';
import type { Program, Values } from '../../../main/graph/program.ts';
import { sizeOf, staticShape } from '../../../main/graph/tensor.ts';
import { singleLabel } from '../../../main/tasks/single-label.ts';
import { tunerOf } from '../../../main/tuning/registry.ts';
import type { OptimizerOptions } from '../../../shared/domain/training.ts';
import { methodSpec, type Method, type Tuning } from '../../../shared/methods/registry.ts';
import { softwareCard } from '../../fixtures/engine/software-card.ts';
import { SMALLEST_VIT } from '../../fixtures/engine/test-bed.ts';

/** Whole training steps by every method, against the interpreter on the processor. */
const card = await softwareCard();
afterAll(() => card?.close());
beforeAll(() => tf.setBackend('cpu'));

const STEPS = 3;
const BATCH = 2;
const CLASSES = 3;
const OPTIMIZER: OptimizerOptions = {
  ...{ name: 'adamw', learningRate: 1e-3, muonLearningRate: 0.02, weightDecay: 0.1 },
  ...{ decayOn: 'matrices', beta1: 0.9, beta2: 0.999, epsilon: 1e-3, clipNorm: 1 },
};

interface Trained {
  readonly losses: readonly (number | undefined)[];
  readonly variables: readonly Float32Array[];
}

describe.skipIf(card === null)('training on a software card', { timeout: 1_200_000 }, () => {
  it.each([
    { method: 'linear', checkpointed: 0 },
    { method: 'full', checkpointed: 0 },
    { method: 'lora', checkpointed: 0 },
    { method: 'karst', checkpointed: 0 },
    { method: 'karst', checkpointed: 1 },
  ] as const)(
    'by $method, $checkpointed blocks checkpointed, is as on the processor, and the same twice',
    async ({ method, checkpointed }) => {
      const program = stepOf(method, checkpointed);
      const interpreter = new Interpreter(program);
      const wanted = await train(interpreter, program);
      await interpreter.dispose();

      const session = new WebGpuSession(program, card!);
      const [first, second] = [await train(session, program), await train(session, program)];
      await session.dispose();
      expect(second).toEqual(first);
      expectNear(first.losses, wanted.losses, 1e-5);
      first.variables.forEach((values, i) => {
        expectNear(values, wanted.variables[i] ?? [], 1e-5);
      });
    },
  );
});

function stepOf(method: Method, checkpointedBlocks: number): Program {
  const tuning = { method, options: methodSpec(method).options.defaults } as Tuning;
  const tuner = tunerOf(tuning, SMALLEST_VIT);
  const architecture = SMALLEST_VIT;
  const model = adaptedModel({ architecture, classes: CLASSES, tuner, checkpointedBlocks });
  const { program } = trainingProgram(model, {
    ...{ batchSize: BATCH, loss: singleLabel.loss, optimizer: OPTIMIZER, accumulate: 1 },
  });
  const { train: step } = program.functions;
  return { variables: program.variables, functions: step === undefined ? {} : { train: step } };
}

/** Some steps on one drawn batch, from drawn weights. */
async function train(session: Session, program: Program): Promise<Trained> {
  const stream = randomStream(1, 'training', 0);
  const drawn = (size: number, scale: number): Float32Array =>
    Float32Array.from({ length: size }, () => scale * (2 * stream.uniform() - 1));
  const names = program.variables.map(({ attributes: { name } }) => name);
  await session.write(
    new Map(
      program.variables.map(({ attributes: { name }, shape }) => {
        const size = sizeOf(shape);
        return [name, name.startsWith('moment') ? new Float32Array(size) : drawn(size, 0.3)];
      }),
    ),
  );
  const inputs = program.functions['train']?.inputs ?? [];
  const given = Object.fromEntries(
    inputs.map(({ attributes: { name, shape } }): [string, Values] => {
      const size = sizeOf(staticShape(shape));
      if (name === 'targets')
        return [name, Float32Array.from({ length: size }, (_, i) => (i % CLASSES === 1 ? 1 : 0))];
      return [name, name === 'weights' ? new Float32Array(size).fill(1 / BATCH) : drawn(size, 1)];
    }),
  );
  const losses: (number | undefined)[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const scalars = stepScalars(OPTIMIZER, OPTIMIZER.learningRate, step);
    const { loss } = await session.run('train', { ...given, scalars });
    losses.push(loss?.[0]);
  }
  return { losses, variables: await session.read(names) };
}

function expectNear(
  actual: ArrayLike<number | undefined>,
  wanted: ArrayLike<number | undefined>,
  tolerance: number,
): void {
  expect(actual.length).toBe(wanted.length);
  const differences = Array.from({ length: wanted.length }, (_, i) =>
    Math.abs((actual[i] ?? NaN) - (wanted[i] ?? NaN)),
  );
  expect(differences.every(Number.isFinite)).toBe(true);
  expect(Math.max(0, ...differences)).toBeLessThan(tolerance);
}
