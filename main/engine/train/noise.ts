import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { Model } from '../model/model.ts';
import type { NoiseInput } from '../programs/training.ts';
import { randomStream, shuffledIndices, type RandomStream } from '../random.ts';

/** A random input of a training step. */
export interface StepNoise extends NoiseInput {
  /** Fills the values from the stream of the same name. */
  readonly fill: (values: Float32Array, stream: RandomStream) => void;
}

/**
 * Returns the random inputs of every training step: regularization masks and the method's noise.
 */
export function stepNoise(model: Model, config: TrainingConfig): StepNoise[] {
  const { batchSize } = config;
  const depth = familyOf(model.architecture).blocks(model.architecture);
  const noise: StepNoise[] = [];
  if (config.dropPath > 0 && model.trainsBlocks)
    noise.push({
      name: 'dropPath',
      shape: [2 * depth, batchSize],
      dropping: false,
      fill: (values, stream) => {
        fillDropPath(values, stream, { depth, batchSize, most: config.dropPath });
      },
    });
  for (const { name, shape, draw } of model.noise(batchSize))
    noise.push({
      name,
      shape,
      dropping: false,
      fill: (values, stream) => {
        for (let i = 0; i < values.length; i++) values[i] = draw(() => stream.uniform());
      },
    });
  const kept = keptPatches(config, model.architecture);
  if (kept !== null)
    noise.push({
      name: 'patchDrop',
      shape: [batchSize, kept, patchCount(model.architecture)],
      dropping: true,
      fill: (values, stream) => {
        fillPatchSelection(values, stream, kept, patchCount(model.architecture));
      },
    });
  return noise;
}

/** Draws the random numbers of one batch, each a function of (seed, epoch, batch) only. */
export function batchNoise(
  noise: readonly StepNoise[],
  config: TrainingConfig,
  epoch: number,
  batch: number,
): Record<string, Float32Array> {
  const used = noise.filter(({ dropping }) => !dropping || dropsPatches(config, epoch));
  return Object.fromEntries(
    used.map(({ name, shape, fill }) => {
      const values = new Float32Array(sizeOf(shape));
      fill(values, randomStream(config.seed, name, epoch, batch));
      return [name, values];
    }),
  );
}

/**
 * Fraction of epochs, at the end, that use all patches, as evaluation does: a model trained on
 * fewer patches must adapt (FLIP's unmasked tuning, arXiv 2212.00794).
 */
const WHOLE_IMAGES = 1 / 5;

/** Whether patches are dropped in an epoch (from 0). */
export function dropsPatches({ patchDrop, schedule }: TrainingConfig, epoch: number): boolean {
  return patchDrop > 0 && epoch < Math.ceil(schedule.epochs * (1 - WHOLE_IMAGES));
}

/** Number of patches kept per image in epochs that drop some; null if `patchDrop` is 0. */
function keptPatches(config: TrainingConfig, architecture: Architecture): number | null {
  if (config.patchDrop === 0) return null;
  return Math.max(1, Math.round(patchCount(architecture) * (1 - config.patchDrop)));
}

function patchCount(architecture: Architecture): number {
  const [rows, columns] = familyOf(architecture).tokens(architecture).grid;
  return rows * columns;
}

/**
 * Draws the patches that each image keeps (PatchDropout, arXiv 2208.07220): (batch, kept, patches),
 * one-hot rows.
 */
function fillPatchSelection(
  selection: Float32Array,
  stream: RandomStream,
  kept: number,
  patches: number,
): void {
  const images = selection.length / (kept * patches);
  for (let image = 0; image < images; image++) {
    shuffledIndices(patches, stream)
      .subarray(0, kept)
      .forEach((patch, i) => (selection[(image * kept + i) * patches + patch] = 1));
  }
}

/**
 * Draws the stochastic depth mask (arXiv 1603.09382), (2 · depth, batch); the probability grows
 * linearly from 0 with depth, as in timm.
 */
function fillDropPath(
  mask: Float32Array,
  stream: RandomStream,
  { depth, batchSize, most }: { depth: number; batchSize: number; most: number },
): void {
  for (let i = 0; i < mask.length; i++) {
    const block = Math.floor(i / batchSize / 2);
    const p = depth === 1 ? most : (most * block) / (depth - 1);
    mask[i] = stream.uniform() < p ? 0 : 1 / (1 - p);
  }
}
