import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { learningRateAt } from '../../../main/engine/programs/optimizer.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { TrainResult } from '../../../shared/contract/engine/results.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { SampleRecord } from '../../../shared/domain/metrics.ts';
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

/** Extended runs, the sample predictions they report, and their checkpoint frequency. */
let testBed: TestBed;
let images: ManifestImage[];
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 18, val: 10 });
});
afterAll(() => testBed.remove());
afterEach(() => vi.restoreAllMocks());

const layOut = (overrides: SomeSettings = {}): Promise<TrainJob> =>
  testBed.run(images, configured(overrides));
const options = () => ({ cacheDir: testBed.cacheDir });

/** The job that a host creates to extend an ended run to `epochs` in total. */
function extended(job: TrainJob, epochs: number, extendedAt: number): TrainJob {
  const config = configured({ schedule: { epochs } }, job.config);
  return { ...job, config, resume: true, extendedAt, adapterDir: `${job.adapterDir}-more` };
}

const samplesOf = async (job: TrainJob): Promise<SampleRecord[]> =>
  (await readFile(join(job.runDir, 'samples.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SampleRecord);
const updates = async (job: TrainJob) =>
  (await metricsOf(job)).filter((record) => record.kind === 'train');

describe('a run that is given more epochs', () => {
  it('goes on in steps and charts, by the cosine to its new end, into another adapter', async () => {
    const job = await layOut();
    await perform(job, options());
    const first = await readFile(weightsFile(job));
    const before = await updates(job);
    const more = extended(job, 4, 10);
    const { result } = await perform(more, options());
    expect(result).toMatchObject({ steps: 20, epochs: 4, stoppedEarly: false });
    const records = await updates(more);
    expect(records.map((r) => r.step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(records.slice(0, 10)).toEqual(before);
    for (const r of records.slice(10))
      expect(r.learningRate).toBeCloseTo(
        learningRateAt(r.step - 1, 5, 0.01, more.config.schedule),
        12,
      );
    // Below the peak and above the end of the first schedule: the third epoch of a four-epoch
    // cosine.
    expect(records[10]!.learningRate).toBeGreaterThan(2 * records[9]!.learningRate);
    expect(records[10]!.learningRate).toBeLessThan(0.01);
    expect((await samplesOf(more)).map((s) => s.step)).toEqual([5, 10, 15, 20]);
    expect((await readFile(weightsFile(job))).equals(first)).toBe(true);
    expect((await readFile(weightsFile(more))).equals(first)).toBe(false);
  });

  it('and interrupted then, goes on bit for bit', async () => {
    const ended = async (): Promise<TrainJob> => {
      const job = await layOut();
      await perform(job, options());
      return extended(job, 4, 10);
    };
    const whole = await ended();
    await perform(whole, options());
    const job = await ended();
    await expect(interruptedAt(job, 13, 'suspend', options())).rejects.toThrow('suspended');
    await perform(job, options());
    expect(timeless(await metricsOf(job))).toEqual(timeless(await metricsOf(whole)));
    expect(await samplesOf(job)).toEqual(await samplesOf(whole));
    expect((await readFile(weightsFile(job))).equals(await readFile(weightsFile(whole)))).toBe(
      true,
    );
  });

  it('after a stop in mid-epoch goes on at the very next step', async () => {
    const job = await layOut({ schedule: { epochs: 9 } });
    const { result } = await interruptedAt(job, 7, 'stop', options());
    expect(result).toMatchObject({ steps: 7, epochs: 1, stoppedEarly: true });
    const before = await updates(job);
    const more = extended(job, 3, 7);
    expect((await perform(more, options())).result).toMatchObject({ steps: 15, epochs: 3 });
    const records = await updates(more);
    expect(records.slice(0, 7)).toEqual(before);
    expect(records.map((r) => r.step)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  });

  it('is patient anew, once', async () => {
    // With a learning rate of 0 nothing improves: the first validation stays the best.
    const job = await layOut({
      optimizer: { learningRate: 0 },
      schedule: { epochs: 9 },
      earlyStopping: 2,
    });
    expect((await perform(job, options())).result).toMatchObject({ epochs: 3, stoppedEarly: true });
    const more = extended(job, 12, 15);
    expect((await perform(more, options())).result).toMatchObject({ epochs: 5, bestEpoch: 1 });
    // Without a further extension the patience is already used up.
    const again = { ...more, adapterDir: `${job.adapterDir}-again` };
    expect((await perform(again, options())).result).toMatchObject({ epochs: 5, steps: 25 });
  });

  it('does so on native TensorFlow, bit for bit as the interpreter checks it', async () => {
    const job = await layOut();
    const run = async (one: TrainJob, env?: Record<string, string>): Promise<EngineEvent> =>
      (
        await runProcess(one, testBed.cacheDir, {
          native: true,
          ...(env === undefined ? {} : { env }),
        })
      ).outcome();
    expect(await run(job)).toMatchObject({ type: 'done', result: { steps: 10 } });
    const more = extended(job, 4, 10);
    const env = { KARST_TEST_STEP: '12', KARST_TEST_ACTION: 'suspend' };
    expect(await run(more, env)).toMatchObject({ type: 'error', error: { code: 'cancelled' } });
    expect(await run(more)).toMatchObject({ type: 'done', result: { steps: 20, epochs: 4 } });
    const whole = await layOut();
    await run(whole);
    const wholeMore = extended(whole, 4, 10);
    await run(wholeMore);
    expect(timeless(await metricsOf(more))).toEqual(timeless(await metricsOf(wholeMore)));
    expect((await readFile(weightsFile(more))).equals(await readFile(weightsFile(wholeMore)))).toBe(
      true,
    );
  });
});

describe('samples', () => {
  it('tell the predictions on drawn validation images after each validation', async () => {
    const job = await layOut({ schedule: { epochs: 3 }, validateEvery: 2 });
    const { events, result } = await perform(job, options());
    const told = events.flatMap((e) => (e.type === 'samples' ? [e.record] : []));
    expect(told.map(({ step, epoch }) => [step, epoch])).toEqual([
      [10, 2],
      [15, 3],
    ]);
    expect(await samplesOf(job)).toEqual(told);
    const val = images.filter((image) => image.split === 'val');
    const last = told[1]!;
    expect(last.images.map((image) => image.path).sort()).toEqual(val.map((i) => i.path).sort());
    const truths = new Map(val.map((image) => [image.path, job.classes[image.labels[0] ?? -1]]));
    for (const { path, truth } of last.images) expect(truth).toBe(truths.get(path));
    // The adapter is that of the last epoch, so it reproduces the sample predictions reported then.
    expect((result as TrainResult).bestEpoch).toBe(3);
    const predicted = await perform(
      {
        kind: 'predict',
        adapterDir: job.adapterDir,
        backbone: job.backbone,
        paths: last.images.map((image) => image.path),
        top: 3,
        batchSize: 4,
      },
      options(),
    );
    const answers = predicted.events.flatMap((e) => (e.type === 'prediction' ? [e] : []));
    expect(answers.map(({ path, predictions }) => ({ path, predictions }))).toEqual(
      last.images.map(({ path, predictions }) => ({
        path,
        predictions: predictions.map(({ label, probability }) => ({
          label,
          probability: expect.closeTo(probability, 5) as number,
        })),
      })),
    );
  });
});

describe('a record that was damaged', () => {
  it('does not keep the run from going on; what is lost is told', async () => {
    const job = await layOut({ checkpointEverySeconds: 0 });
    await expect(interruptedAt(job, 4, 'suspend', options())).rejects.toThrow('suspended');
    const metrics = join(job.runDir, 'metrics.jsonl');
    const lines = (await readFile(metrics, 'utf8')).split('\n');
    await writeFile(metrics, [lines[0], '\0\0\0\0', ...lines.slice(2)].join('\n'));
    await appendFile(metrics, '{"kind":"train","st');
    const { events, result } = await perform({ ...job, resume: true }, options());
    expect(result).toMatchObject({ steps: 10 });
    const warnings = events.flatMap((e) => (e.type === 'log' && e.level === 'warning' ? [e] : []));
    expect(warnings).toEqual([
      {
        type: 'log',
        level: 'warning',
        message: `${metrics} had an invalid line (line 2), removed: the charts have a gap there, the training has none.`,
        path: metrics,
      },
    ]);
    expect((await updates(job)).map((r) => r.step)).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('the end of an epoch', () => {
  const NOTHING_LEARNT: SomeSettings = {
    optimizer: { learningRate: 0 },
    schedule: { epochs: 4 },
    keepCheckpoints: 9,
  };
  const saved = (events: readonly EngineEvent[]): number[] =>
    events.flatMap((e) => (e.type === 'checkpoint' ? [e.step] : []));

  it('writes no checkpoint moments after another, unless it is the best or the last', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    const job = await layOut(NOTHING_LEARNT);
    const { events } = await perform(job, options());
    expect(saved(events)).toEqual([5, 20]);
    expect((await readdir(join(job.runDir, 'checkpoints'))).sort()).toEqual([
      'best-5',
      'step-20',
      'step-5',
    ]);
  });

  it('writes one after five seconds, or sooner where the settings want it', async () => {
    for (const [seconds, overrides, wanted] of [
      [5, {}, [5, 10, 15, 20]],
      [4.9, {}, [5, 15, 20]],
      [1, { checkpointEverySeconds: 2 }, [5, 15, 20]],
    ] as const) {
      let now = 0;
      vi.spyOn(performance, 'now').mockImplementation(() => now);
      const { events } = await perform(await layOut({ ...NOTHING_LEARNT, ...overrides }), {
        ...options(),
        onEvent: (event) => {
          if (event.type === 'metrics' && event.record.kind === 'validation') now += seconds * 1000;
        },
      });
      expect(saved(events)).toEqual(wanted);
    }
  });
});
