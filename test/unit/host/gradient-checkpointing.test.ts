import { describe, expect, it } from 'vitest';
import { parseFreeMemory } from '../../../main/host/services/planning/card-memory.ts';
import {
  inputBytes,
  type MemoryRequest,
} from '../../../main/host/services/planning/memory-estimates.ts';
import {
  memoryRequest,
  GradientCheckpointing,
  type GradientCheckpointingContext,
} from '../../../main/host/services/planning/gradient-checkpointing.ts';
import { SETTING_DEFAULTS } from '../../../main/host/services/settings/settings.ts';
import type { StepTimes } from '../../../main/host/store/step-times.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { configured } from '../../fixtures/engine/test-bed.ts';
import { ARCHITECTURE } from './support.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

const LARGE = { ...ARCHITECTURE, imageSize: 224, width: 192, depth: 12, mlpDim: 768 };
const requestOf = (o: SomeSettings = {}, architecture = LARGE): MemoryRequest =>
  memoryRequest(architecture, configured({ batchSize: 64, ...o }), {
    task: singleLabel,
    classes: 10,
  });
const request = requestOf();
const GIB = 2 ** 30;
/**
 * Bytes of prefetched images with one loading thread, which is what a limit of two threads allows.
 */
const INPUT = inputBytes(request, 1);

/**
 * A step takes 20 GiB, less 1 GiB per recomputed block; compilation grows by a sixteenth per block.
 */
const ESTIMATES: GradientCheckpointingContext['estimates'] = {
  training: (_request, { checkpointedBlocks }) =>
    Promise.resolve({
      running: (20 - checkpointedBlocks) * GIB,
      compiling: (1 + checkpointedBlocks / 16) * GIB,
    }),
  card: (_request, checkpointedBlocks) => Promise.resolve((40 - checkpointedBlocks) * GIB),
};
/** Free memory of which nine tenths are that many GiB plus the images. */
const room = (gib: number): number => (gib * GIB + INPUT) / 0.9;

function choosing(
  free: number,
  changes: Partial<GradientCheckpointingContext> = {},
): GradientCheckpointing {
  return new GradientCheckpointing({
    stepTimes: { get: () => null },
    settings: { get: () => ({ ...SETTING_DEFAULTS, threads: 2 }) },
    freeMemory: () => free,
    freeCardMemory: () => null,
    kernels: () => Promise.resolve(null),
    estimates: ESTIMATES,
    ...changes,
  });
}

describe('how many blocks are computed again', () => {
  it.each([
    { gib: 25, blocks: 0 },
    { gib: 20.1, blocks: 0 },
    { gib: 19.9, blocks: 3 },
    { gib: 17.1, blocks: 3 },
    { gib: 16.9, blocks: 6 },
    { gib: 13.9, blocks: 9 },
    { gib: 10.9, blocks: 11 },
    // All blocks but the last if nothing fits.
    { gib: 2, blocks: 11 },
  ])('is $blocks with room for $gib GiB', async ({ gib, blocks }) => {
    expect(await choosing(room(gib)).choose(request)).toEqual({
      ...{ checkpointedBlocks: blocks, times: null },
      memoryBytes: (20 - blocks) * GIB + INPUT,
      memoryFreeBytes: Math.round(room(gib)),
    });
  });

  it('leaves room for compiling, and is the least where nothing fits', async () => {
    const compiling = (least: number): GradientCheckpointingContext['estimates'] => ({
      ...ESTIMATES,
      training: (_request, { checkpointedBlocks }) =>
        Promise.resolve({
          running: GIB,
          compiling: (2 + Math.abs(checkpointedBlocks - least)) * GIB,
        }),
    });
    const of = async (gib: number, least: number): Promise<number> =>
      (await choosing(room(gib), { estimates: compiling(least) }).choose(request))
        .checkpointedBlocks;
    expect(await of(5.1, 6)).toBe(3);
    expect(await of(1.5, 6)).toBe(6);
    expect(await of(1.5, 0)).toBe(0);
  });

  it('asks for no more estimates than it needs', async () => {
    const asked: number[] = [];
    const estimates: GradientCheckpointingContext['estimates'] = {
      ...ESTIMATES,
      training: (one, ways) => {
        asked.push(ways.checkpointedBlocks);
        return ESTIMATES.training(one, ways);
      },
    };
    await choosing(room(17.1), { estimates }).choose(request);
    expect(asked).toEqual([0, 3]);
  });

  it('is what the setting says', async () => {
    const never = await choosing(1e6).choose(requestOf({ gradientCheckpointing: 'never' }));
    expect(never.checkpointedBlocks).toBe(0);
    const always = await choosing(1e15).choose(requestOf({ gradientCheckpointing: 'always' }));
    expect(always.checkpointedBlocks).toBe(11);
  });

  it('is none where blocks have no backward pass, or there is one alone', async () => {
    const always = { gradientCheckpointing: 'always' } as const;
    for (const one of [
      requestOf({ ...always, method: 'linear' }),
      requestOf(always, { ...LARGE, depth: 1 }),
    ])
      expect((await choosing(1e6).choose(one)).checkpointedBlocks).toBe(0);
  });

  it('counts every thread that loads images, as many as there is memory for', async () => {
    const sixteen = { settings: { get: () => ({ ...SETTING_DEFAULTS, threads: 16 }) } };
    const bytesWith = async (free: number, changes = {}): Promise<number> =>
      (await choosing(free, changes).choose(requestOf({ gradientCheckpointing: 'never' })))
        .memoryBytes;
    const more = inputBytes(request, 8) - inputBytes(request, 1);
    expect(more).toBeGreaterThan(0);
    expect(await bytesWith(1e15, sixteen)).toBe((await bytesWith(1e15)) + more);
    expect(await bytesWith(1e6, sixteen)).toBe(await bytesWith(1e6));
  });

  it('stays what it was earlier in a run as long as that fits', async () => {
    expect((await choosing(1e15).choose(request, 6)).checkpointedBlocks).toBe(6);
    expect((await choosing(room(11.1)).choose(request, 6)).checkpointedBlocks).toBe(9);
    expect((await choosing(1e6).choose(request, 11)).checkpointedBlocks).toBe(11);
  });

  it('tells the estimate of kernels and threads', async () => {
    const told: unknown[] = [];
    const estimates: GradientCheckpointingContext['estimates'] = {
      ...ESTIMATES,
      training: (one, ways) => {
        told.push(ways);
        return ESTIMATES.training(one, ways);
      },
    };
    await choosing(1e15, { estimates }).choose(request);
    await choosing(1e15, { estimates, kernels: () => Promise.resolve('avx2') }).choose(request);
    expect(told).toEqual([
      { checkpointedBlocks: 0, kernels: false, threads: 2 },
      { checkpointedBlocks: 0, kernels: true, threads: 2 },
    ]);
  });

  it('goes by what was measured, where it was', async () => {
    const times = { secondsPerStep: 1, secondsPerValidationBatch: 1, startSeconds: 1 };
    const measured = new Map<string, StepTimes>();
    const by = choosing(room(20.1), {
      stepTimes: { get: (key) => measured.get(key) ?? null },
    });
    measured.set(await by.key(request, 0), { ...times, peakBytes: 21 * GIB });
    expect(await by.choose(request)).toMatchObject({ checkpointedBlocks: 3, times: null });
    measured.set(await by.key(request, 3), { ...times, peakBytes: 7 * GIB });
    const chosen = await by.choose(request);
    expect(chosen).toMatchObject({ checkpointedBlocks: 3, times, memoryBytes: 7 * GIB + INPUT });
  });

  it('goes by the memory of the graphics card that it runs on', async () => {
    const free = (34.1 / 0.9) * GIB;
    const chosen = await choosing(1e6, { freeCardMemory: () => free }).choose(request);
    expect(chosen).toMatchObject({
      checkpointedBlocks: 6,
      memoryBytes: 34 * GIB,
      memoryFreeBytes: Math.round(free),
    });
  });
});

it('takes of the driver of a card what is a number', () => {
  expect(parseFreeMemory('140123\n')).toBe(140_123 * 2 ** 20);
  expect(parseFreeMemory('1000\n2000\n')).toBe(1000 * 2 ** 20);
  expect(parseFreeMemory('[N/A]\n')).toBeNull();
  expect(parseFreeMemory('')).toBeNull();
});
