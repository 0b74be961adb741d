import { appendFile, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { interruptedAt, perform } from '../../fixtures/engine/in-process.ts';
import {
  configured,
  metricsOf,
  timeless,
  weightsFile,
  TestBed,
} from '../../fixtures/engine/test-bed.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

/** An interrupted and resumed run ends with the same bytes as an uninterrupted one. */
let testBed: TestBed;
let images: ManifestImage[];
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 22, val: 6 });
});
afterAll(() => testBed.remove());

/** Enables everything that draws random numbers: six batches per epoch, the last of two images. */
const EVERY_CHANCE: SomeSettings = {
  schedule: { epochs: 3, warmupEpochs: 0.5 },
  karst: { rankDropout: 0.2 },
  dropPath: 0.3,
  labelSmoothing: 0.1,
  classWeightPower: 0.5,
  augmentation: {
    cropScaleMin: 0.5,
    flip: true,
    colorJitter: 0.3,
    rotation: 10,
    randAugmentOps: 1,
    mixup: 0.4,
  },
};
const layOut = (overrides: SomeSettings = {}): Promise<TrainJob> =>
  testBed.run(images, configured({ ...EVERY_CHANCE, ...overrides }));

async function expectSame(job: TrainJob, whole: TrainJob): Promise<void> {
  expect(timeless(await metricsOf(job))).toEqual(timeless(await metricsOf(whole)));
  expect((await readFile(weightsFile(job))).equals(await readFile(weightsFile(whole)))).toBe(true);
}
const log = (events: readonly EngineEvent[]): string =>
  events.flatMap((e) => (e.type === 'log' ? [`${e.level}: ${e.message}`] : [])).join('\n');

describe('on native TensorFlow, in processes of their own', () => {
  let whole: TrainJob;
  beforeAll(async () => {
    whole = await layOut();
    const engine = await runProcess(whole, testBed.cacheDir, { native: true });
    expect(engine.outcome()).toMatchObject({ type: 'done', result: { steps: 18, epochs: 3 } });
    const steps = (await metricsOf(whole)).flatMap((r) => (r.kind === 'train' ? [r.step] : []));
    expect(steps).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
  });

  it('a run suspended in mid-epoch goes on bit for bit', async () => {
    const job = await layOut();
    const env = { KARST_TEST_STEP: '8', KARST_TEST_ACTION: 'suspend' };
    const first = await runProcess(job, testBed.cacheDir, { native: true, env });
    expect(first.outcome()).toMatchObject({ type: 'error', error: { code: 'cancelled' } });
    expect(await first.ended()).toEqual({ code: 1, signal: null });
    expect((await metricsOf(job)).at(-1)).toMatchObject({ kind: 'train', step: 8 });
    const second = await runProcess({ ...job, resume: true }, testBed.cacheDir, { native: true });
    expect(second.outcome().type).toBe('done');
    expect(await second.ended()).toEqual({ code: 0, signal: null });
    expect(log(second.events)).toContain('Resumed from step 8 (epoch 2)');
    const told = second.events.flatMap((e) => (e.type === 'metrics' ? [e.record.step] : []));
    expect(told[0]).toBe(9);
    await expectSame(job, whole);
  });

  it('a run killed in mid-epoch goes on bit for bit from its last checkpoint', async () => {
    const job = await layOut({ checkpointEverySeconds: 0, keepCheckpoints: 3 });
    const env = { KARST_TEST_STEP: '9', KARST_TEST_ACTION: 'kill' };
    const first = await runProcess(job, testBed.cacheDir, { native: true, env });
    expect(await first.ended()).toEqual({ code: null, signal: 'SIGKILL' });
    // Simulates a power failure, which leaves files less consistent than a killed process does.
    await appendFile(join(job.runDir, 'metrics.jsonl'), '{"kind":"train","step":10,"epo');
    expect((await readdir(join(job.runDir, 'checkpoints'))).sort()).toEqual(
      ['best-6', 'step-6', 'step-7', 'step-8'].sort(),
    );
    await truncate(join(job.runDir, 'checkpoints', 'step-8', 'optimizer.safetensors'), 100);
    const second = await runProcess({ ...job, resume: true }, testBed.cacheDir, { native: true });
    expect(log(second.events)).toMatch(/^warning: .*step-8.* optimizer\.safetensors has 100 bytes/);
    expect(log(second.events)).toContain('info: Resumed from step 7 (epoch 2)');
    await expectSame(job, whole);
  });
});

describe('on the interpreter', () => {
  const variants: { title: string; overrides: SomeSettings; at: readonly number[] }[] = [
    { title: 'accumulated batches', overrides: { accumulate: 4 }, at: [1, 3, 4] },
    { title: 'the method linear', overrides: { method: 'linear', accumulate: 1 }, at: [11] },
    {
      title: 'Muon and dropped patches',
      overrides: {
        method: 'full',
        optimizer: { name: 'muon' },
        patchDrop: 0.5,
        accumulate: 1,
      },
      at: [3, 14],
    },
    { title: 'checkpoints at every step', overrides: { checkpointEverySeconds: 0 }, at: [6, 18] },
    { title: 'rare validations', overrides: { validateEvery: 2, accumulate: 3 }, at: [3] },
  ];
  it.each(variants)('$title: suspended at $at and resumed', async ({ overrides, at }) => {
    const whole = await layOut(overrides);
    const options = { cacheDir: testBed.cacheDir };
    await perform(whole, options);
    let job = await layOut(overrides);
    for (const step of at) {
      const run = interruptedAt(job, step, 'suspend', options);
      // After a run's last update there is nothing left to suspend.
      if (step === 18) await run;
      else await expect(run).rejects.toMatchObject({ code: 'cancelled' });
      job = { ...job, resume: true };
    }
    if (at.at(-1) !== 18) await perform(job, options);
    await expectSame(job, whole);
  });

  it('what was recorded of a validation is not recorded again', async () => {
    // Suspended after its last step is reported: the epoch's validation runs before the control is
    // handled.
    const options = { cacheDir: testBed.cacheDir };
    const job = await layOut({ checkpointEverySeconds: 0 });
    await expect(interruptedAt(job, 6, 'suspend', options)).rejects.toThrow('suspended at step 6');
    await expect(interruptedAt({ ...job, resume: true }, 7, 'suspend', options)).rejects.toThrow(
      'suspended at step 7',
    );
    const kinds = (await metricsOf(job)).map((r) => `${r.kind} ${String(r.step)}`);
    expect(kinds.slice(5)).toEqual(['train 6', 'validation 6', 'train 7']);
  });

  it('ends with a sentence when every checkpoint is damaged', async () => {
    const options = { cacheDir: testBed.cacheDir };
    const job = await layOut();
    await expect(interruptedAt(job, 7, 'suspend', options)).rejects.toThrow('suspended');
    const folder = join(job.runDir, 'checkpoints');
    const steps = (await readdir(folder)).filter((name) => name.startsWith('step-'));
    expect(steps.sort()).toEqual(['step-6', 'step-7']);
    for (const step of steps) await truncate(join(folder, step, 'adapter.safetensors'), 50);
    const before = await metricsOf(job);
    const events: EngineEvent[] = [];
    await expect(perform({ ...job, resume: true }, { ...options, events })).rejects.toMatchObject({
      code: 'checkpoint-invalid',
      path: folder,
    });
    expect(log(events).match(/warning: The checkpoint .* is not used/g)).toHaveLength(2);
    // The failed resumption deleted nothing.
    expect(await metricsOf(job)).toEqual(before);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(steps));
    // A restart without `resume` succeeds and discards the previous records.
    await perform({ ...job, resume: false }, options);
    expect((await metricsOf(job)).filter((r) => r.kind === 'train').map((r) => r.step)).toEqual(
      Array.from({ length: 18 }, (_, i) => i + 1),
    );
  });

  it('starts at the beginning when it was stopped before its first checkpoint', async () => {
    const job = await layOut({ schedule: { epochs: 1 } });
    const { events } = await perform({ ...job, resume: true }, { cacheDir: testBed.cacheDir });
    expect(log(events)).toContain('There is no checkpoint yet');
    expect((await metricsOf(job)).length).toBe(7);
  });
});
