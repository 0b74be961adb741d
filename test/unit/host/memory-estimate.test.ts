import { describe, expect, it } from 'vitest';
import {
  inputBytes,
  MemoryEstimates,
  type TrainingMemory,
} from '../../../main/host/services/planning/memory-estimates.ts';
import {
  cardMemory,
  trainingMemory,
} from '../../../main/host/services/planning/memory-estimate.ts';
import { memoryRequest } from '../../../main/host/services/planning/gradient-checkpointing.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { configured } from '../../fixtures/engine/test-bed.ts';
import { ARCHITECTURE } from './support.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

/**
 * The accuracy of the estimate is measured by the part `memory` of the long suite. These tests
 * check those of its components that can be computed by hand.
 */
const WIDE = {
  ...ARCHITECTURE,
  ...{ imageSize: 32, patchSize: 16, width: 256, depth: 4, heads: 4, mlpDim: 1024 },
};
/**
 * Parameters of the backbone: patches, class token and positions; per block twelve squares of the
 * width, biases and norms.
 */
const PATCHES = 3 * 16 * 16 * 256 + 256 + 256 + 5 * 256;
const BLOCK = 12 * 256 ** 2 + (768 + 256 + 1024 + 256) + 4 * 256;
const BACKBONE = PATCHES + 4 * BLOCK + 2 * 256;
const HEAD = 10 * 256 + 10;
const IMAGE = 3 * 32 ** 2;

const requestOf = (o: SomeSettings, architecture = WIDE) =>
  memoryRequest(architecture, configured(o), { task: singleLabel, classes: 10 });
const memory = (
  o: SomeSettings,
  { checkpointedBlocks = 0, kernels = false, threads = 1, architecture = WIDE } = {},
): TrainingMemory =>
  trainingMemory(requestOf(o, architecture), { checkpointedBlocks, kernels, threads });

describe('the memory of a training', () => {
  it('holds before the first step what the variables are set from', () => {
    // Without a backward pass, a step with one image takes less memory than the initial values.
    const linear = { method: 'linear', batchSize: 1 } as const;
    const two = { ...WIDE, depth: 2 };
    const blocks = memory(linear).compiling - memory(linear, { architecture: two }).compiling;
    // The weights as read, and three quarters of their copies; the rest is for compiling two blocks
    // of about ten loops each.
    const compiled = blocks - 2 * BLOCK * 4 * 1.75;
    expect(compiled).toBeGreaterThan(2 * 5 * 0.45 * 2 ** 20);
    expect(compiled).toBeLessThan(2 * 40 * 0.45 * 2 ** 20);
  });

  it('holds of what is trained the tensors, and twice them with their moments', () => {
    const full = memory({ method: 'full', batchSize: 1 }).running;
    const muon = memory({ method: 'full', batchSize: 1, optimizer: { name: 'muon' } });
    // The blocks' matrices have one moment with Muon and two with AdamW.
    const saved = full - muon.running;
    expect(saved).toBeLessThan(2 * 4 * 4 * 12 * 256 ** 2);
    expect(full).toBeGreaterThan(7 * 4 * (BACKBONE + HEAD));
  });

  it('has each image twice: as it was loaded, and as TensorFlow is handed it', () => {
    const [some, more] = [8, 16].map(
      (batchSize) => memory({ method: 'linear', batchSize }).running,
    );
    expect(more! - some!).toBe(2 * 8 * IMAGE * 4);
  });

  it('grows with the batch by what blocks keep, and less where they are computed again', () => {
    const perImage = (checkpointedBlocks: number): number => {
      const of = (batchSize: number): number =>
        memory({ batchSize }, { checkpointedBlocks, architecture: { ...WIDE, depth: 12 } }).running;
      return (of(2048) - of(1024)) / 1024;
    };
    // At least the input and the hidden values of every block, for five tokens.
    expect(perImage(0)).toBeGreaterThan(11 * 5 * (256 + 1024) * 4);
    expect(perImage(11)).toBeLessThan(0.5 * perImage(0));
    expect(perImage(11)).toBeGreaterThan(11 * 5 * 256 * 4);
  });

  it('is less with kernels, which keep no scores, and has what each thread packs', () => {
    const long = { ...WIDE, imageSize: 256, patchSize: 16 };
    const of = (kernels: boolean, threads = 1): number =>
      memory({ batchSize: 64 }, { kernels, threads, architecture: long }).running;
    expect(of(true)).toBeLessThan(of(false));
    expect(of(true, 3) - of(true, 2)).toBe(of(true, 2) - of(true, 1));
    expect(of(true, 2)).toBeGreaterThan(of(true, 1));
    expect(of(false, 2)).toBe(of(false, 1));
    const exact = { batchSize: 64, matmulPrecision: 'highest' } as const;
    expect(memory(exact, { kernels: true, architecture: long }).running).toBe(of(false));
  });

  it('is on a card that of variables, inputs and values', () => {
    const bytes = cardMemory(requestOf({ method: 'linear', batchSize: 1 }), 0);
    // One image and its tokens are small compared with the weights.
    expect(bytes).toBeGreaterThan(4 * (BACKBONE + 3 * HEAD));
    expect(bytes).toBeLessThan(4.4 * (BACKBONE + 3 * HEAD));
  });
});

it('takes for loading threads, batches made ahead and the one in the step', () => {
  const { architecture, config } = requestOf({ batchSize: 4 });
  const batch = 4 * IMAGE * 4;
  expect(inputBytes({ architecture, config }, 2) - inputBytes({ architecture, config }, 1)).toBe(
    96 * 2 ** 20,
  );
  expect(inputBytes({ architecture, config }, 0)).toBe(17 * batch);
  // At most 256 MiB are prefetched, but at least two batches.
  const large = requestOf({ batchSize: 2 ** 16 });
  expect(inputBytes(large, 0)).toBe(3 * 2 ** 16 * IMAGE * 4);
});

describe('estimates that are asked for again', () => {
  const ways = { checkpointedBlocks: 0, kernels: true, threads: 2 };

  it('are the same object as long as the graph is', async () => {
    const estimates = new MemoryEstimates();
    const first = await estimates.training(requestOf({}), ways);
    const other = { seed: 5, schedule: { epochs: 9 }, optimizer: { learningRate: 0.5 } };
    expect(await estimates.training(requestOf(other), ways)).toBe(first);
  });

  it.each<[string, SomeSettings]>([
    ['the batch', { batchSize: 5 }],
    ['the method', { method: 'full' }],
    ['the rank', { karst: { rank: 3 } }],
    ['accumulation', { accumulate: 2 }],
    ['dropped patches', { patchDrop: 0.5 }],
    ['the precision', { matmulPrecision: 'highest' }],
  ])('are made anew with another value of %s', async (_title, changed) => {
    const estimates = new MemoryEstimates();
    const first = await estimates.training(requestOf({}), ways);
    const second = await estimates.training(requestOf(changed), ways);
    expect(second).not.toBe(first);
    expect(second).toEqual(trainingMemory(requestOf(changed), ways));
  });

  it('are made anew where augmentation keeps features from being kept', async () => {
    const estimates = new MemoryEstimates();
    const [kept, augmented] = await Promise.all(
      [false, true].map((flip) =>
        estimates.training(requestOf({ method: 'linear', augmentation: { flip } }), ways),
      ),
    );
    expect(augmented).not.toBe(kept);
  });
});
