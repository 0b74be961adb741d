import { describe, expect, it } from 'vitest';
import { parseFreeMemory } from '../../../main/host/services/planning/card-memory.ts';
import {
  cardMemory,
  inputBytes,
  trainingMemory,
  type MemoryRequest,
} from '../../../main/host/services/planning/memory-estimate.ts';
import {
  memoryRequest,
  Recomputation,
  type RecomputationContext,
} from '../../../main/host/services/planning/recomputation.ts';
import { SETTING_DEFAULTS } from '../../../main/host/services/settings/settings.ts';
import type { StepTimes } from '../../../main/host/store/step-times.ts';
import type { TrainingOverrides } from '../../../shared/domain/training.ts';
import { configured } from '../../fixtures/engine/workshop.ts';
import { ARCHITECTURE } from './support.ts';

const LARGE = { ...ARCHITECTURE, imageSize: 224, width: 192, depth: 12, hidden: 768 };
const requestOf = (o: TrainingOverrides = {}, architecture = LARGE): MemoryRequest =>
  memoryRequest(architecture, configured({ batchSize: 64, ...o }), 10);
const request = requestOf();
const need = (recomputedBlocks: number): number =>
  trainingMemory(request, { recomputedBlocks, kernels: false, loadingThreads: 1 });

function choosing(free: number, changes: Partial<RecomputationContext> = {}): Recomputation {
  return new Recomputation({
    stepTimes: { get: () => null },
    // One thread that loads images.
    settings: { get: () => ({ ...SETTING_DEFAULTS, threads: 2 }) },
    freeMemory: () => free,
    freeCardMemory: () => null,
    kernels: () => Promise.resolve(null),
    ...changes,
  });
}

describe('how many blocks are computed again', () => {
  it('is none as long as everything fits, with something to spare', async () => {
    expect(await choosing(need(0) * 1.2).choose(request)).toEqual({
      ...{ recomputedBlocks: 0, times: null },
      memoryBytes: Math.round(need(0)),
      memoryFreeBytes: Math.round(need(0) * 1.2),
    });
    expect((await choosing(need(0) * 1.02).choose(request)).recomputedBlocks).toBe(3);
  });

  it.each([3, 6, 9, 11])('is %i where that is the least that fits', async (blocks) => {
    const chosen = await choosing(need(blocks) / 0.89).choose(request);
    expect(chosen).toMatchObject({ recomputedBlocks: blocks });
    expect(chosen.memoryBytes).toBeLessThanOrEqual(0.9 * chosen.memoryFreeBytes);
  });

  it('is all but the last where nothing fits', async () => {
    const { recomputedBlocks, memoryBytes, memoryFreeBytes } = await choosing(1e6).choose(request);
    expect(recomputedBlocks).toBe(11);
    expect(memoryBytes).toBeGreaterThan(memoryFreeBytes);
  });

  it('is none where nothing fits, and compiling more would take the most', async () => {
    const by = choosing(1e6, { kernels: () => Promise.resolve('avx2') });
    const small = requestOf({ batchSize: 1 });
    expect((await by.choose(small)).recomputedBlocks).toBe(0);
    const always = await by.choose(requestOf({ ...small.config, recompute: 'always' }));
    expect(always.memoryBytes).toBeGreaterThan((await by.choose(small)).memoryBytes);
  });

  it('is what the setting says', async () => {
    expect((await choosing(1e6).choose(requestOf({ recompute: 'never' }))).recomputedBlocks).toBe(
      0,
    );
    expect((await choosing(1e15).choose(requestOf({ recompute: 'always' }))).recomputedBlocks).toBe(
      11,
    );
  });

  it('is none where blocks have no backward pass, or there is one alone', async () => {
    const always = { recompute: 'always' } as const;
    for (const one of [
      requestOf({ ...always, method: 'linear' }),
      requestOf(always, { ...LARGE, depth: 1 }),
    ])
      expect((await choosing(1e6).choose(one)).recomputedBlocks).toBe(0);
  });

  it('counts every thread that loads images, as many as there is memory for', async () => {
    const sixteen = { settings: { get: () => ({ ...SETTING_DEFAULTS, threads: 16 }) } };
    const bytesWith = async (free: number, changes = {}): Promise<number> =>
      (await choosing(free, changes).choose(requestOf({ recompute: 'never' }))).memoryBytes;
    const more = inputBytes(request, 8) - inputBytes(request, 1);
    expect(more).toBeGreaterThan(0);
    expect(await bytesWith(1e15, sixteen)).toBe((await bytesWith(1e15)) + more);
    expect(await bytesWith(1e6, sixteen)).toBe(await bytesWith(1e6));
  });

  it('stays what it was earlier in a run as long as that fits', async () => {
    expect((await choosing(1e15).choose(request, 6)).recomputedBlocks).toBe(6);
    expect((await choosing(need(9) / 0.89).choose(request, 6)).recomputedBlocks).toBe(9);
    expect((await choosing(1e6).choose(request, 11)).recomputedBlocks).toBe(11);
  });

  it('is less where the engine has kernels and the training may use them', async () => {
    const by = choosing(need(0), { kernels: () => Promise.resolve('avx2') });
    expect(await by.choose(request)).toMatchObject({ recomputedBlocks: 0 });
    expect((await by.choose(request)).memoryBytes).toBeLessThan(0.8 * need(0));
    expect((await by.choose(requestOf({ matmulPrecision: 'highest' }))).recomputedBlocks).toBe(3);
    // Compiling takes more than the step of a small batch, which comes after it.
    const [one, two] = await Promise.all(
      [1, 2].map(async (batchSize) => (await by.choose(requestOf({ batchSize }))).memoryBytes),
    );
    const images = 3 * 3 * 4 * 224 ** 2;
    expect(two! - one!).toBeLessThan(20 * images);
  });

  it('goes by what was measured, where it was', async () => {
    const times = { secondsPerStep: 1, secondsPerValidationBatch: 1, startSeconds: 1 };
    const measured = new Map<string, StepTimes>();
    const by = choosing(need(0) * 1.2, {
      stepTimes: { get: (key) => measured.get(key) ?? null },
    });
    measured.set(await by.key(request, 0), { ...times, peakBytes: need(0) * 1.5 });
    expect(await by.choose(request)).toMatchObject({ recomputedBlocks: 3, times: null });
    measured.set(await by.key(request, 3), { ...times, peakBytes: 2 ** 30 });
    expect(await by.choose(request)).toMatchObject({ recomputedBlocks: 3, times });
  });

  it('goes by the memory of the graphics card that it runs on', async () => {
    const free = cardMemory(request, 6) / 0.89;
    const chosen = await choosing(1e15, { freeCardMemory: () => free }).choose(request);
    expect(chosen).toMatchObject({ recomputedBlocks: 6, memoryFreeBytes: Math.round(free) });
  });
});

it('takes of the driver of a card what is a number', () => {
  expect(parseFreeMemory('140123\n')).toBe(140_123 * 2 ** 20);
  expect(parseFreeMemory('1000\n2000\n')).toBe(1000 * 2 ** 20);
  expect(parseFreeMemory('[N/A]\n')).toBeNull();
  expect(parseFreeMemory('')).toBeNull();
});
