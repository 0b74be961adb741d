import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../main/engine/programs/optimizer.ts';
import { readAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { TrainResult } from '../../../shared/contract/engine/results.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { perform } from '../../fixtures/engine/in-process.ts';
import { CAN_MAKE_PIPES, makePipe } from '../../fixtures/pipe.ts';
import {
  about,
  CLASSES,
  configured,
  metricsOf,
  SMALLEST_VIT,
  timeless,
  weightsFile,
  TestBed,
  writeManifest,
} from '../../fixtures/engine/test-bed.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

/**
 * Trains a tiny model on the interpreter in this process: covers the behaviour of a run without
 * compilation time.
 */
let testBed: TestBed;
let images: ManifestImage[];
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 18, val: 6 });
});
afterAll(() => testBed.remove());

const layOut = (
  overrides: SomeSettings,
  changes: Partial<TrainJob> = {},
  manifest: readonly ManifestImage[] = images,
): Promise<TrainJob> => testBed.run(manifest, configured(overrides), changes);

async function trained(
  job: TrainJob,
  onEvent?: (event: EngineEvent) => void,
): Promise<{ result: TrainResult; events: EngineEvent[]; weights: Map<string, Float32Array> }> {
  const options = { cacheDir: testBed.cacheDir, ...(onEvent === undefined ? {} : { onEvent }) };
  const { result, events } = await perform(job, options);
  return {
    result: result as TrainResult,
    events,
    weights: await readAllFloat32(weightsFile(job)),
  };
}

type TrainRecord = Extract<MetricRecord, { kind: 'train' }>;
type ValidationRecord = Extract<MetricRecord, { kind: 'validation' }>;
const updates = (records: readonly MetricRecord[]): TrainRecord[] =>
  records.filter((r): r is TrainRecord => r.kind === 'train');
const validations = (records: readonly MetricRecord[]): ValidationRecord[] =>
  records.filter((r): r is ValidationRecord => r.kind === 'validation');
const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((d, x, i) => Math.max(d, Math.abs(x - b[i]!)), 0);

describe('a training', () => {
  it('learns, counts its updates and writes what it says', async () => {
    const job = await layOut({ schedule: { epochs: 4 } });
    const { result, events, weights } = await trained(job);
    const records = await metricsOf(job);
    const train = updates(records);
    // 18 images in batches of 4: five updates per epoch, the last with two images.
    expect(train.map((r) => r.step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(train.map((r) => r.epoch)).toEqual(train.map((r) => about(r.step / 5, 9)));
    expect(validations(records).map((r) => [r.step, r.epoch])).toEqual([
      [5, 1],
      [10, 2],
      [15, 3],
      [20, 4],
    ]);
    expect(train.at(-1)!.loss).toBeLessThan(0.8 * train[0]!.loss);
    for (const r of train) {
      const wanted = learningRateAt(r.step - 1, 5, 0.01, job.config.schedule);
      expect(r.learningRate).toBeCloseTo(wanted, 12);
      expect(r.gradientNorm).toBeGreaterThan(0);
    }
    // Once, before the step's own record.
    const order = events.flatMap(({ type }) =>
      ['first-step', 'metrics'].includes(type) ? [type] : [],
    );
    expect(order.indexOf('first-step')).toBe(0);
    expect(order.lastIndexOf('first-step')).toBe(0);
    // The events report the same records as the file.
    const told = events.flatMap((e) => (e.type === 'metrics' ? [e.record] : []));
    expect(timeless(told)).toEqual(timeless(records));
    expect(events.filter((e) => e.type === 'checkpoint').map((e) => e.step)).toEqual([
      5, 10, 15, 20,
    ]);
    const size = [...weights.values()].reduce((sum, v) => sum + v.length, 0);
    expect(result).toMatchObject({
      steps: 20,
      epochs: 4,
      stoppedEarly: false,
      trainableParameters: size,
      headParameters: 3 * 17,
      adapterParameters: size - 3 * 17,
    });
    const best = validations(records)
      .filter((r) => r.best)
      .at(-1)!;
    expect(result.bestEpoch).toBe(best.epoch);
    expect(result.val).toMatchObject({ n: 6, top1: best.top1, loss: best.loss });
  });

  it('trains the head alone by the method linear', async () => {
    const job = await layOut({ method: 'linear' });
    const { result, weights } = await trained(job);
    expect([...weights.keys()].sort()).toEqual(['head.bias', 'head.weight']);
    expect(result).toMatchObject({ adapterParameters: 0, trainableParameters: 51 });
    expect(weights.get('head.bias')!.some((v) => v !== 0)).toBe(true);
    // The first step's loss is that of the backbone's features under the same initial head as
    // KARST's.
    const [linear] = updates(await metricsOf(job));
    const karst = await layOut({});
    await trained(karst);
    const [adapted] = updates(await metricsOf(karst));
    expect(linear!.loss).toBe(adapted!.loss);
    expect(linear!.top1).toBe(adapted!.top1);
  });

  it('changes every tensor by the method full, starting from the backbone', async () => {
    const job = await layOut({ method: 'full', schedule: { epochs: 1, warmupEpochs: 0 } });
    const { weights } = await trained(job);
    const shapes = tensorShapes(SMALLEST_VIT, { classes: 3 });
    expect([...weights.keys()].sort()).toEqual([...shapes.keys()].sort());
    const stored = await readAllFloat32(testBed.backbone.path!);
    for (const [name, values] of stored) {
      const moved = distance(weights.get(name)!, values);
      expect(moved, name).toBeGreaterThan(0);
      // Five AdamW updates at 0.01 move no weight further.
      expect(moved, name).toBeLessThan(0.06);
    }
  });

  it('from scratch needs no weights and begins elsewhere for another seed', async () => {
    const bare = { ...testBed.backbone, path: null, sha256: '' };
    const first = async (seed: number): Promise<number> => {
      const job = await layOut(
        { method: 'full', initialize: 'random', seed, schedule: { epochs: 1 } },
        { backbone: bare },
      );
      const { weights } = await trained(job);
      expect(weights.size).toBe(tensorShapes(SMALLEST_VIT, { classes: 3 }).size);
      return updates(await metricsOf(job))[0]!.loss;
    };
    expect(await first(1)).not.toBe(await first(2));
    await expect(trained(await layOut({}, { backbone: bare }))).rejects.toMatchObject({
      code: 'config-invalid',
    });
  });

  it('makes two accumulated batches of 4 what one of 8 is, weighted classes and all', async () => {
    // Unequal classes, so that class weights must be normalised over the whole update; 17 images
    // leave incomplete batches.
    const uneven = images.filter(
      (image, i) => image.split === 'val' || image.labels[0] !== 0 || i < 4,
    );
    const common: SomeSettings = {
      classWeightPower: 1,
      labelSmoothing: 0.1,
      // The gradient of a scalar out_shift is only rounding noise, which AdamW would amplify.
      karst: { rescale: 'none' },
      optimizer: { epsilon: 1e-3 },
    };
    const whole = await layOut({ ...common, batchSize: 8 }, {}, uneven);
    const halves = await layOut({ ...common, batchSize: 4, accumulate: 2 }, {}, uneven);
    const [a, b] = [await trained(whole), await trained(halves)];
    expect(b.result.steps).toBe(a.result.steps);
    expect(timeless(updates(await metricsOf(whole)))).toEqual(
      updates(await metricsOf(halves)).map((r) => ({
        ...r,
        loss: about(r.loss, 5),
        gradientNorm: about(r.gradientNorm, 4),
        imagesPerSecond: 0,
        waiting: 0,
      })),
    );
    for (const [name, values] of a.weights)
      expect(distance(values, b.weights.get(name)!), name).toBeLessThan(1e-4);
  });

  it('says that it diverged and keeps the checkpoints it has', async () => {
    const job = await layOut({
      optimizer: { learningRate: 1e9, clipNorm: 0 },
      schedule: { epochs: 3, warmupEpochs: 1, warmupStart: 1e-15 },
    });
    const rejection = await trained(job).catch((error: unknown) => error);
    expect(rejection).toBeInstanceOf(KarstError);
    const { code, message, hint } = rejection as KarstError;
    expect(code).toBe('diverged');
    expect(message).toContain(job.runName);
    expect(hint).toContain('1000000000');
    for (const r of await metricsOf(job)) expect(Number.isFinite(r.loss)).toBe(true);
    await expect(readFile(weightsFile(job))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('names an image that cannot be used once and goes on without it', async () => {
    // Images that are not in the cache: cached ones are found by their hash, whatever their path.
    const [first, second, third] = await testBed.images({ train: 3, val: 0 }, 6);
    const at = (name: string): string => join(testBed.folder, name);
    await copyFile(first!.path, at('changed.png'));
    await writeFile(at('damaged.png'), (await readFile(second!.path)).subarray(0, 60));
    const broken = [
      // Recorded with the original hash, but the file has changed since.
      { ...third!, path: at('changed.png') },
      { ...second!, path: at('damaged.png'), sha256: '' },
      { ...second!, path: at('gone.png') },
      { ...third!, path: at('gone-too.png'), split: 'val' as const },
    ];
    const job = await layOut({ schedule: { epochs: 3 } }, {}, [...images, ...broken]);
    const { result, events } = await trained(job);
    expect(result.epochs).toBe(3);
    const warnings = events.flatMap((e) =>
      e.type === 'log' && e.level === 'warning' ? [e.message] : [],
    );
    expect(warnings).toEqual([
      `2 of 28 image files are gone: the first is ${at('gone.png')}. Those that the cache has decoded are used from there; the others are skipped.`,
    ]);
    const told = events.flatMap((e) => (e.type === 'unreadable' ? [e] : []));
    expect(told.map((e) => [e.path, e.error.code]).sort()).toEqual(
      [
        [at('changed.png'), 'file-changed'],
        [at('damaged.png'), 'file-damaged'],
        [at('gone-too.png'), 'not-found'],
        [at('gone.png'), 'not-found'],
      ].sort(),
    );
    // 21 training images, three of them unusable; six of seven validation images.
    expect(result.steps).toBe(3 * Math.ceil(21 / 4));
    expect(result.val?.n).toBe(6);
  });

  it.runIf(CAN_MAKE_PIPES)('names an image that is a pipe by now, and ends well', async () => {
    const pipe = makePipe(join(testBed.folder, 'pipe.png'));
    const [third] = await testBed.images({ train: 1, val: 0 }, 6);
    const job = await layOut({ schedule: { epochs: 2 } }, {}, [
      ...images,
      { ...third!, path: pipe },
      { ...third!, path: pipe, split: 'val' },
    ]);
    const { result, events } = await trained(job);
    expect(result.epochs).toBe(2);
    const told = events.flatMap((e) => (e.type === 'unreadable' ? [[e.path, e.error.code]] : []));
    expect(told).toEqual([[pipe, 'not-readable']]);
  });

  it('refuses a run without training images and an image size that cannot be cut', async () => {
    const none = await layOut(
      {},
      {},
      images.filter((image) => image.split === 'val'),
    );
    await expect(trained(none)).rejects.toMatchObject({ code: 'dataset-unusable' });
    const odd = await layOut({ imageSize: 20 });
    await expect(trained(odd)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  it('works at another image size than the backbone', async () => {
    const job = await layOut({ imageSize: 24, schedule: { epochs: 1 } });
    const { result } = await trained(job);
    expect(result.steps).toBe(5);
    const { preprocessing, config } = await readAdapterFolder(job.adapterDir);
    expect(preprocessing.imageSize).toBe(24);
    expect(config.architecture.imageSize).toBe(16);
  });
});

describe('the best epoch', () => {
  it('is what is kept when later ones are worse', async () => {
    // The learning rate rises until training diverges: the first epochs are the best.
    const job = await layOut({
      optimizer: { learningRate: 0.3, clipNorm: 0 },
      schedule: { epochs: 4, warmupEpochs: 4, warmupStart: 1e-6 },
      keepCheckpoints: 9,
    });
    const { result, weights } = await trained(job);
    const found = validations(await metricsOf(job));
    const better = (a: ValidationRecord, b: ValidationRecord): boolean =>
      a.top1 > b.top1 || (a.top1 === b.top1 && a.loss < b.loss);
    const best = found.reduce((kept, r) => (better(r, kept) ? r : kept));
    expect(best.step).toBeLessThan(found.at(-1)!.step);
    expect(result.bestEpoch).toBe(best.epoch);
    expect(result.val?.loss).toBe(best.loss);
    const folder = (name: string): string =>
      join(job.runDir, 'checkpoints', name, 'adapter.safetensors');
    expect(weights).toEqual(await readAllFloat32(folder(`best-${String(best.step)}`)));
    expect(weights).toEqual(await readAllFloat32(folder(`step-${String(best.step)}`)));
    const last = await readAllFloat32(folder(`step-${String(result.steps)}`));
    expect(weights).not.toEqual(last);
  });

  it('ends the run when none better follows, and a resumed run does not go on', async () => {
    // With a learning rate of 0 nothing improves: the first validation stays the best.
    const job = await layOut({
      optimizer: { learningRate: 0 },
      schedule: { epochs: 9 },
      earlyStopping: 2,
    });
    const { result } = await trained(job);
    expect(result).toMatchObject({ stoppedEarly: true, epochs: 3, bestEpoch: 1, steps: 15 });
    const records = await readFile(join(job.runDir, 'metrics.jsonl'), 'utf8');
    expect(validations(await metricsOf(job)).map((r) => r.best)).toEqual([true, false, false]);
    // Simulates a kill between the last checkpoint and writing the adapter.
    await rm(job.adapterDir, { recursive: true });
    const again = await trained({ ...job, resume: true });
    expect(again.result).toMatchObject({ stoppedEarly: true, epochs: 3, bestEpoch: 1, steps: 15 });
    expect(await readFile(join(job.runDir, 'metrics.jsonl'), 'utf8')).toBe(records);
  });

  it('counts epochs between validations, and the last is always validated', async () => {
    const job = await layOut({ schedule: { epochs: 5 }, validateEvery: 2 });
    await trained(job);
    expect(validations(await metricsOf(job)).map((r) => r.epoch)).toEqual([2, 4, 5]);
  });

  it('is the last one without validation images', async () => {
    const job = await layOut(
      {},
      {},
      images.filter((image) => image.split === 'train'),
    );
    const { result, weights } = await trained(job);
    expect(result).toMatchObject({ val: null, bestEpoch: 2, epochs: 2 });
    const last = join(job.runDir, 'checkpoints', 'step-10', 'adapter.safetensors');
    expect(weights).toEqual(await readAllFloat32(last));
  });
});

describe('an adapter', () => {
  it('is evaluated and predicts as its training measured', async () => {
    const job = await layOut({ schedule: { epochs: 3 } });
    const { result } = await trained(job);
    const val = images.filter((image) => image.split === 'val');
    const manifest = join(job.runDir, 'val.jsonl');
    const gone = {
      ...val[0]!,
      path: join(testBed.folder, 'not-there.png'),
      sha256: '0'.repeat(64),
    };
    const lines = [...val.slice(0, 2), gone, ...val.slice(2)];
    await writeManifest(manifest, lines);
    const common = { adapterDir: job.adapterDir, backbone: job.backbone, batchSize: 4 };
    const options = { cacheDir: testBed.cacheDir };
    const evaluated = await perform({ kind: 'evaluate', ...common, manifest }, options);
    const { evaluation, rows, problems } = evaluated.result as Extract<
      typeof evaluated.result,
      { kind: 'evaluate' }
    >;
    // Evaluation merges the adapter into the backbone first, unlike training: equal up to rounding.
    const { loss, ...answers } = result.val!;
    expect(evaluation).toEqual({ ...answers, loss: expect.closeTo(loss, 5) as number });
    expect(problems.map((p) => [p.path, p.error.code])).toEqual([[gone.path, 'not-found']]);
    expect(rows[2]).toBeNull();
    expect(rows).toHaveLength(7);

    const paths = lines.map((i) => i.path);
    const predicted = await perform({ kind: 'predict', ...common, paths, top: 2 }, options);
    const told = new Map(
      predicted.events.flatMap((e) => (e.type === 'prediction' ? [[e.path, e.predictions]] : [])),
    );
    const unreadable = predicted.events.flatMap((e) => (e.type === 'unreadable' ? [e.path] : []));
    expect(unreadable).toEqual([gone.path]);
    lines.forEach((image, i) => {
      if (image === gone) return;
      expect(told.get(image.path)).toEqual(rows[i]?.slice(0, 2));
      const shares = rows[i]!.map((p) => p.probability);
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      expect(new Set(rows[i]!.map((p) => p.label))).toEqual(new Set(CLASSES));
    });
  });
});
