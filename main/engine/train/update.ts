import type { TrainingConfig } from '../../../shared/domain/training.ts';
import type { ImageBatch } from '../data/batch-source.ts';
import type { Session } from '../../backends/session.ts';
import { batchNoise, dropsPatches, type StepNoise } from './noise.ts';
import { stepScalars } from '../programs/optimizer.ts';
import { tensorNamed } from '../programs/tensor-named.ts';
import { stepFunction } from '../programs/training.ts';
import { batchTargets, type TargetSet } from '../../tasks/batch-targets.ts';
import type { Task } from '../../tasks/task.ts';

/** The inputs shared by all updates of a run. */
export interface UpdateParts {
  readonly session: Session;
  /** Random inputs of each training step. */
  readonly noise: readonly StepNoise[];
  readonly config: TrainingConfig;
  readonly task: Task;
  /** Targets of the training images. */
  readonly targets: TargetSet<unknown>;
}

/** Builds the targets of the training images, by image index. */
export function targetSet(
  task: Task,
  targets: readonly unknown[],
  classes: number,
  { classWeightPower, labelSmoothing }: TrainingConfig,
): TargetSet<unknown> {
  return {
    task,
    targets,
    outputs: task.spec.outputs(classes),
    classWeights: task.classWeights(targets, classes, classWeightPower),
    labelSmoothing,
  };
}

/** Position of an update, which determines its random numbers. */
export interface UpdatePlace {
  readonly epoch: number;
  /** Index of the group's first batch in its epoch. */
  readonly batch: number;
  /** Number of previous updates. */
  readonly step: number;
  readonly learningRate: number;
}

export interface UpdateOutcome {
  readonly loss: number;
  readonly gradientNorm: number;
  /** Number of images of `seen` whose top-1 prediction was correct before the update. */
  readonly correct: number;
  readonly seen: number;
}

/** Makes one optimizer step on the gradient of a group of batches. */
export async function makeUpdate(
  parts: UpdateParts,
  group: readonly ImageBatch[],
  { epoch, batch, step, learningRate }: UpdatePlace,
): Promise<UpdateOutcome> {
  const { session, noise, config } = parts;
  const accumulates = config.accumulate > 1;
  const scalars = stepScalars(config.optimizer, learningRate, step + 1);
  const targets = group.map((b) => batchTargets(b, parts.targets));
  const fn = stepFunction(accumulates, dropsPatches(config, epoch));
  const total = targets.reduce((sum, t) => sum + t.total, 0);
  let loss = 0;
  let correct = 0;
  let seen = 0;
  let gradientNorm = 0;
  for (const [i, b] of group.entries()) {
    const t = targets[i];
    if (t === undefined) continue;
    const inputs = {
      images: b.pixels,
      targets: t.targets,
      // If all rows are unreadable, the total is 0: zero weights avoid the division and give no
      // gradient.
      weights: t.weights.map((w) => (total === 0 ? 0 : w / total)),
      ...batchNoise(noise, config, epoch, batch + i),
    };
    const out = await session.run(fn, accumulates ? inputs : { ...inputs, scalars });
    loss += out['loss']?.[0] ?? NaN;
    gradientNorm = out['gradientNorm']?.[0] ?? 0;
    seen += b.count;
    correct += correctRows(b, tensorNamed(new Map(Object.entries(out)), 'logits'), parts);
  }
  if (accumulates) {
    const { gradientNorm: norm } = await session.run('apply', { scalars });
    gradientNorm = norm?.[0] ?? NaN;
  }
  return { loss, gradientNorm, correct, seen };
}

function correctRows(
  batch: ImageBatch,
  logits: Float32Array,
  { task, targets: { targets, outputs } }: UpdateParts,
): number {
  let correct = 0;
  batch.indices.forEach((index, row) => {
    if (index < 0) return;
    if (task.isHit(logits.subarray(row * outputs, (row + 1) * outputs), targets[index]))
      correct += 1;
  });
  return correct;
}
