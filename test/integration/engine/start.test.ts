import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAdapter } from '../../../main/engine/programs/open-adapter.ts';
import { ModelState } from '../../../main/engine/programs/model-state.ts';
import { prepareTraining } from '../../../main/engine/train/prepare.ts';
import { startValues } from '../../../main/engine/train/start-values.ts';
import { readAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { sha256OfFile } from '../../../main/formats/files.ts';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { taskNamed } from '../../../main/tasks/registry.ts';
import type { TrainJob, TrainingStart } from '../../../shared/contract/engine/jobs.ts';
import type { TrainResult } from '../../../shared/contract/engine/results.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { interruptedAt, openInterpreter, perform } from '../../fixtures/engine/in-process.ts';
import {
  CLASSES,
  configured,
  metricsOf,
  TestBed,
  timeless,
  weightsFile,
} from '../../fixtures/engine/test-bed.ts';

/** Runs that start from the weights of an adapter. */
let testBed: TestBed;
let images: ManifestImage[];
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 12, val: 6 });
});
afterAll(() => testBed.remove());

/** So small that the weights stay what they were, and a validation tells of the start. */
const STANDSTILL = { learningRate: 1e-20, weightDecay: 0 };
const TRAINED_ON = { karst: { rescale: 'channel' } } as const;
const settings = (overrides: SomeSettings = {}) => configured({ ...TRAINED_ON, ...overrides });
const options = () => ({ cacheDir: testBed.cacheDir });

async function startOf(
  parent: TrainJob,
  rows: TrainingStart['rows'],
  adapterDir = parent.adapterDir,
): Promise<TrainingStart> {
  const sha256 = await sha256OfFile(weightsFile(parent));
  return { adapterDir, name: 'the parent', sha256, rows };
}

async function trained(overrides: SomeSettings = {}): Promise<{
  readonly parent: TrainJob;
  readonly result: TrainResult;
}> {
  const parent = await testBed.run(images, settings(overrides));
  const { result } = await perform(parent, options());
  return { parent, result: result as TrainResult };
}

describe.each(METHOD_NAMES)('from an adapter of %s', (method) => {
  let parent: TrainJob;
  let result: TrainResult;
  beforeAll(async () => {
    ({ parent, result } = await trained({ method }));
  });

  it('starts with its values and the rows of its classes, and fresh rows for others', async () => {
    const config = settings({ method, seed: 99 });
    const { model, session, featureExtractor, groups, initial } = await prepareTraining(
      testBed.backbone,
      config,
      { task: taskNamed('single-label'), classes: 3 },
      await openInterpreter(),
      0,
    );
    // Jade, a new class, and copper; slate is dropped.
    const rows = [1, null, 0];
    const values = await startValues(await startOf(parent, rows), model, initial);
    const stored = await readAllFloat32(weightsFile(parent));
    expect([...values.keys()].sort()).toEqual([...model.trained.keys()].sort());
    for (const [name, value] of values) {
      if (!name.startsWith('head.')) {
        expect(value, name).toEqual(stored.get(name));
        continue;
      }
      const width = value.length / 3;
      rows.forEach((row, place) => {
        const from = row === null ? initial.get(name)! : stored.get(name)!;
        const at = (row ?? place) * width;
        expect(value.slice(place * width, (place + 1) * width)).toEqual(from.slice(at, at + width));
      });
    }

    const more = {
      trainedTensors: [...model.trainedTensors, { ...model.trainedTensors[0]!, name: 'x' }],
    };
    const fresh = new Map([...initial, ['x', new Float32Array(1)]]);
    const lacking = startValues(await startOf(parent, rows), more, fresh);
    await expect(lacking).rejects.toThrow(
      'The adapter "the parent" has no tensor x, which the run',
    );
    const without = startValues(await startOf(parent, rows), more, initial);
    await expect(without).rejects.toThrow('tensor "x" is missing');

    await new ModelState(session, groups).set(values, null);
    const { batchSize } = config;
    const { imageSize } = model.architecture;
    const pixels = Float32Array.from({ length: batchSize * 3 * imageSize ** 2 }, (_, i) =>
      Math.sin(i),
    );
    const input =
      featureExtractor === null
        ? pixels
        : (await featureExtractor.run('features', { images: pixels }))['features']!;
    const { logits: child } = await session.run('evaluate', { images: input });
    const open = await openAdapter(
      parent.adapterDir,
      testBed.backbone,
      batchSize,
      await openInterpreter(),
      { merged: false },
    );
    const { logits: before } = await open.session.run('evaluate', { images: pixels });
    for (let image = 0; image < batchSize; image++)
      rows.forEach((row, place) => {
        if (row !== null)
          expect(child![3 * image + place]).toBeCloseTo(before![3 * image + row]!, 5);
      });
    await open.session.dispose();
    await session.dispose();
    await featureExtractor?.dispose();
  });

  it('says of the same images what the adapter says, before it has learnt', async () => {
    const child = await testBed.run(
      images,
      settings({ method, seed: 99, optimizer: STANDSTILL, schedule: { epochs: 1 } }),
      { start: await startOf(parent, [0, 1, 2]) },
    );
    const { result: after } = await perform(child, options());
    const { val } = after as TrainResult;
    expect(val?.top1).toBe(result.val?.top1);
    expect(val?.loss).toBeCloseTo(result.val?.loss ?? NaN, 5);
    const { config } = await readAdapterFolder(child.adapterDir);
    const sha256 = await sha256OfFile(weightsFile(parent));
    expect(config.parent).toEqual({ name: 'the parent', sha256 });
    expect((await readAdapterFolder(parent.adapterDir)).config.parent).toBeNull();
  });
});

it('starts there on native TensorFlow, too', async () => {
  const { parent, result } = await trained();
  const child = await testBed.run(
    images,
    settings({ optimizer: STANDSTILL, schedule: { epochs: 1 } }),
    { start: await startOf(parent, [0, 1, 2]) },
  );
  const engine = await runProcess(child, testBed.cacheDir, { native: true });
  const outcome = engine.outcome();
  if (outcome.type !== 'done') throw new Error(JSON.stringify(outcome));
  const { val } = outcome.result as TrainResult;
  expect(val?.top1).toBe(result.val?.top1);
  expect(val?.loss).toBeCloseTo(result.val?.loss ?? NaN, 4);
});

it('goes on bit for bit after an interruption, when the adapter is gone too', async () => {
  const { parent } = await trained();
  const copy = join(testBed.folder, 'copy of the parent');
  await cp(parent.adapterDir, copy, { recursive: true });
  const start = await startOf(parent, [0, null, 2, 1], copy);
  const classes = [...CLASSES, 'tin'];
  const layOut = () =>
    testBed.run(images, settings({ augmentation: { flip: true } }), { classes, start });
  const whole = await layOut();
  await perform(whole, options());
  const job = await layOut();
  await expect(interruptedAt(job, 3, 'suspend', options())).rejects.toMatchObject({
    code: 'cancelled',
  });
  await rm(copy, { recursive: true });
  await perform({ ...job, resume: true }, options());
  expect(timeless(await metricsOf(job))).toEqual(timeless(await metricsOf(whole)));
  expect((await readFile(weightsFile(job))).equals(await readFile(weightsFile(whole)))).toBe(true);
});

it('does not start from weights that have changed', async () => {
  const { parent } = await trained({ schedule: { epochs: 1 } });
  const start = await startOf(parent, [0, 1, 2]);
  const weights = await readFile(weightsFile(parent));
  // The last bit of a number.
  weights[weights.length - 4]! ^= 1;
  await writeFile(weightsFile(parent), weights);
  const child = await testBed.run(images, settings(), { start });
  await expect(perform(child, options())).rejects.toMatchObject({ code: 'file-changed' });
});
