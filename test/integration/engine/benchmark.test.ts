import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { BenchmarkJob } from '../../../shared/contract/engine/jobs.ts';
import type { BenchmarkResult } from '../../../shared/contract/engine/results.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { perform } from '../../fixtures/engine/in-process.ts';
import { configured, TestBed } from '../../fixtures/engine/test-bed.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

/** Measures step times without a run. */
let testBed: TestBed;
beforeAll(async () => (testBed = await TestBed.open()));
afterAll(() => testBed.remove());

const layOut = (overrides: SomeSettings = {}): BenchmarkJob => ({
  kind: 'benchmark',
  backbone: testBed.backbone,
  config: configured(overrides),
  task: 'single-label',
  classes: 3,
  steps: 4,
  checkpointedBlocks: 0,
});
const progress = (events: readonly EngineEvent[], phase: string): [number, number][] =>
  events.flatMap((e) =>
    e.type === 'progress' && e.phase === phase ? [[e.done, e.total] as [number, number]] : [],
  );

it('says how long a step, a batch of a validation and the start take, and leaves nothing behind', async () => {
  const before = await readdir(testBed.folder);
  const began = performance.now();
  const engine = await runProcess(layOut(), testBed.cacheDir, { native: true });
  const wall = (performance.now() - began) / 1000;
  const outcome = engine.outcome();
  expect(outcome).toMatchObject({
    type: 'done',
    result: { kind: 'benchmark', device: { backend: 'tensorflow' } },
  });
  const result = (outcome as Extract<EngineEvent, { type: 'done' }>).result as BenchmarkResult;
  expect(result.secondsPerStep).toBeGreaterThan(0);
  expect(result.secondsPerValidationBatch).toBeGreaterThan(0);
  // The start includes the first step. Of the four steps and three batches after it, at least half
  // take the median time or longer.
  const { startSeconds, secondsPerStep, secondsPerValidationBatch } = result;
  expect(startSeconds).toBeGreaterThan(0);
  expect(startSeconds + 2 * secondsPerStep + secondsPerValidationBatch).toBeLessThan(wall);
  // TensorFlow alone takes more than 100 MB.
  expect(result.peakBytes).toBeGreaterThan(100 * 2 ** 20);
  expect(await readdir(testBed.folder)).toEqual(before);
  // The first step and the first batch compile; the four steps and three validations after them are
  // timed.
  expect(progress(engine.events, 'compiling')).toEqual([
    [0, 9],
    [5, 9],
  ]);
  expect(progress(engine.events, 'measuring').at(-1)).toEqual([9, 9]);
});

it.each<{ title: string; overrides: SomeSettings; total: number }>([
  { title: 'accumulated batches', overrides: { accumulate: 3 }, total: 9 },
  {
    title: 'dropped patches, and the last epochs on all of them',
    overrides: { patchDrop: 0.5, schedule: { epochs: 6 } },
    total: 14,
  },
  { title: 'the head alone', overrides: { method: 'linear' }, total: 9 },
  {
    title: 'everything, from scratch',
    overrides: { method: 'full', initialize: 'random' },
    total: 9,
  },
])('measures $title', async ({ overrides, total }) => {
  const { result, events } = await perform(layOut(overrides), { cacheDir: testBed.cacheDir });
  const { secondsPerStep } = result as BenchmarkResult;
  expect(secondsPerStep).toBeGreaterThan(0);
  expect(progress(events, 'measuring').at(-1)).toEqual([total, total]);
});

it('ends when nobody wants to know any more', async () => {
  const measuring = perform(layOut(), {
    cacheDir: testBed.cacheDir,
    onEvent: (event, channel) => {
      if (event.type === 'progress' && event.phase === 'measuring') channel.control('suspend');
    },
  });
  await expect(measuring).rejects.toMatchObject({ code: 'cancelled' });
});
