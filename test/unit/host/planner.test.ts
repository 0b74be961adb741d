import { configured as laidOver } from '../../fixtures/engine/test-bed.ts';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inputBytes } from '../../../main/host/services/planning/memory-estimates.ts';
import { speedKey } from '../../../main/host/services/planning/speed-key.ts';
import type { Studio } from '../../../main/host/contract/studio.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { RunPlan } from '../../../shared/contract/window/runs.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { FakeEngines } from '../../fixtures/engines/fake-engine-handle.ts';
import { PreparedHome } from './prepared-home.ts';
import { ARCHITECTURE, CONFIG, refusal, writeClassFolders } from './support.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';
import { KARST_DEFAULTS, type KarstOptions } from '../../../shared/methods/karst.ts';

let studio: Studio;
let engines: FakeEngines;

/**
 * In addition to "two", a dataset with one class ("one") and one without validation images
 * ("bare").
 */
const prepared = new PreparedHome(async (made, template) => {
  const folder = (name: string): string => join(template, name);
  await writeClassFolders(folder('one'), { a: 3 }, 100);
  await writeClassFolders(folder('bare'), { a: 3, b: 3 }, 200);
  await made.datasets.add(folder('one'), { name: 'one' });
  await made.datasets.add(folder('bare'), { name: 'bare', val: 0 });
});
beforeEach(async () => {
  engines = new FakeEngines();
  studio = await prepared.open({ spawn: engines.spawn, graceMs: 1000 });
});

const configured = (o: SomeSettings): TrainingConfig =>
  laidOver(o, laidOver({ batchSize: 4, karst: { rank: 2, factor: 4 } }, CONFIG));
const plan = (o: SomeSettings = {}, dataset: string | null = 'two'): Promise<RunPlan> =>
  studio.plans.plan({ backbone: 'tiny', dataset, config: configured(o) });
const said = ({ problems }: RunPlan): string[] =>
  problems.map(({ setting, severity, error }) => `${severity} ${setting} ${error.code}`);

/** Lets an engine answer the pending measurement. */
async function measured(result: Partial<object> = {}): Promise<void> {
  const engine = await engines.next();
  const times = { secondsPerStep: 0.5, secondsPerValidationBatch: 0.25, startSeconds: 10 };
  const device = {
    backend: 'tfjs-cpu',
    tensorflow: null,
    tfjs: '',
    kernels: null,
    kernelsOff: [],
    resamplingOff: null,
    devices: [],
    device: 'cpu',
  };
  engine.say({
    type: 'done',
    result: {
      kind: 'benchmark',
      device: { ...device, threads: 1, node: '' },
      ...times,
      peakBytes: 2 ** 30,
      ...result,
    },
  } as EngineEvent);
  engine.exit({ code: 0, signal: null, stderrTail: '' });
}
const measure = (o: SomeSettings = {}) =>
  studio.plans.benchmark({ backbone: 'tiny', dataset: 'two', config: configured(o) });

describe('a plan', () => {
  it.each<{ title: string; o: SomeSettings }>([
    { title: 'KARST', o: {} },
    { title: 'KARST with re-scaling by channel', o: { karst: { rescale: 'channel', kernels: 3 } } },
    { title: 'the head alone', o: { method: 'linear' } },
    { title: 'everything, at another size', o: { method: 'full', imageSize: 32 } },
    { title: 'a start from scratch', o: { method: 'full', initialize: 'random' } },
  ])('counts exactly what $title comes to', async ({ o }) => {
    const { adapterParameters, headParameters, adapterBytes, problems } = await plan(o);
    expect(problems).toEqual([]);
    const config = configured(o);
    const run = await studio.runs.create({ backbone: 'tiny', dataset: 'two', config });
    const execution = studio.scheduler.train(run.id, { resume: false });
    const engine = await engines.next();
    // The fake engine writes the adapter with the job's preprocessing, which has the backbone's
    // image size: sets that of the run.
    const { backbone } = engine.training;
    const working = { ...backbone.preprocessing, imageSize: config.imageSize || 16 };
    Object.assign(backbone, { preprocessing: working });
    await engine.finish();
    const { adapter } = await execution;
    expect({ adapterParameters, headParameters }).toEqual({
      adapterParameters: adapter.adapterParameters,
      headParameters: adapter.headParameters,
    });
    const weights = join(adapter.folder, 'adapter_model.safetensors');
    expect(adapterBytes).toBe(statSync(weights).size);
  });

  it('counts steps as they are made: batches filled up, several to an update', async () => {
    expect((await plan()).steps).toBe(4);
    expect((await plan({ batchSize: 3 })).steps).toBe(6);
    expect((await plan({ batchSize: 3, accumulate: 2 })).steps).toBe(4);
    expect((await plan({ batchSize: 32, schedule: { epochs: 7 } })).steps).toBe(7);
  });

  it('says of the backbone what it has, and what memory there is', async () => {
    const { backboneParameters, memoryBytes, memoryFreeBytes } = await plan();
    // Patch weights 12 · 3 · 64 + 12, class token, 5 positions, two blocks of 1,284, and the last
    // norm.
    expect(backboneParameters).toBe(2316 + 12 + 60 + 2 * 1284 + 24);
    expect(memoryBytes).toBeGreaterThan(500 * 2 ** 20);
    expect(memoryFreeBytes).toBeGreaterThan(0);
  });

  it('answers without a dataset what does not depend on one', async () => {
    const alone = await plan({}, null);
    const whole = await plan();
    expect(alone).toMatchObject({
      adapterParameters: whole.adapterParameters,
      headParameters: 0,
      steps: 0,
      seconds: null,
      problems: [],
    });
  });

  it('lists everything that is wrong, by setting, and still answers', async () => {
    const found = await plan({
      karst: { rank: -1 },
      batchSize: 0,
      imageSize: 20,
      schedule: { epochs: 2, warmupEpochs: 5 },
      optimizer: { name: 'muon', learningRate: -1 },
    });
    expect(said(found).sort()).toEqual([
      'error batchSize config-invalid',
      'error imageSize config-invalid',
      'error karst.rank config-invalid',
      'error optimizer.learningRate config-invalid',
      'error optimizer.name config-invalid',
      'error schedule.warmupEpochs config-invalid',
    ]);
    const image = found.problems.find(({ setting }) => setting === 'imageSize');
    expect(image?.error).toEqual({
      code: 'config-invalid',
      message:
        'The setting "imageSize" is 20; it must be a multiple of the backbone\'s patch size, 8.',
      hint: "Choose 24, or 0 for the backbone's own size.",
    });
    expect(found.adapterBytes).toBeGreaterThan(0);
  });

  it('names a setting once, by its limits first', async () => {
    const found = await plan({ imageSize: 5001 });
    expect(said(found)).toEqual(['error imageSize config-invalid']);
    expect(found.problems[0]!.error.message).toContain('a whole number from 0 to 4,096');
  });

  it('tells of images that do not suit', async () => {
    expect(said(await plan({ batchSize: 2 }, 'one'))).toEqual(['error dataset dataset-unusable']);
    expect(said(await plan({ earlyStopping: 3 }, 'bare'))).toEqual([
      'warning dataset dataset-unusable',
      'warning earlyStopping config-invalid',
    ]);
    const large = await plan({ batchSize: 9 });
    expect(said(large)).toEqual(['warning batchSize config-invalid']);
    expect(large.problems[0]!.error.message).toContain('only 8 training images');
    // Warnings do not prevent the run from being created.
    const config = configured({ batchSize: 9 });
    await studio.runs.create({ backbone: 'tiny', dataset: 'two', config });
  });

  it('refuses what is not in the library', async () => {
    const config = configured({});
    await refusal(studio.plans.plan({ backbone: 'none', dataset: null, config }), 'not-found');
    await refusal(studio.plans.plan({ backbone: 'tiny', dataset: 'none', config }), 'not-found');
  });
});

describe('a measurement', () => {
  it('lets later plans say how long it takes', async () => {
    // Leaves one thread for loading images.
    studio.settings.update({ threads: 2 });
    expect((await plan()).seconds).toBeNull();
    const working = measure();
    await measured();
    expect(await working).toEqual({
      secondsPerStep: 0.5,
      secondsPerValidationBatch: 0.25,
      startSeconds: 10,
      peakBytes: 2 ** 30,
    });
    // Four steps, and two validations of one batch each.
    expect((await plan()).seconds).toBeCloseTo(10 + 4 * 0.5 + 2 * 0.25, 9);
    expect((await plan({ schedule: { epochs: 10 }, validateEvery: 4 })).seconds).toBeCloseTo(
      10 + 20 * 0.5 + 3 * 0.25,
      9,
    );
    // The measured peak plus the prefetched images, which the measurement excludes.
    expect((await plan()).memoryBytes).toBe(
      2 ** 30 + inputBytes({ architecture: ARCHITECTURE, config: configured({}) }, 1),
    );
    expect((await plan({ batchSize: 8 })).seconds).toBeNull();
    expect((await plan({}, null)).seconds).toBeNull();
  });

  it('gives way to a newer one, and is not taken for other threads', async () => {
    for (const secondsPerStep of [3, 1]) {
      const working = measure();
      await measured({ secondsPerStep });
      await working;
    }
    expect((await plan()).seconds).toBeCloseTo(10 + 4 + 0.5, 9);
    studio.settings.update({ threads: 1 + (studio.settings.get().threads || 63) });
    expect((await plan()).seconds).toBeNull();
  });

  it('tells the engine what to measure', async () => {
    const working = measure({ method: 'linear' });
    const engine = await engines.next();
    expect(engine.job).toMatchObject({
      kind: 'benchmark',
      classes: 2,
      steps: 8,
      config: { tuning: { method: 'linear', options: {} }, batchSize: 4 },
      backbone: { name: 'tiny' },
    });
    engine.fail('out-of-memory', 'There is not enough memory for this job.');
    await refusal(working, 'out-of-memory');
    expect((await plan({ method: 'linear' })).seconds).toBeNull();
  });

  it('waits for no training, and goes with the studio', async () => {
    const config = configured({});
    const run = await studio.runs.create({ backbone: 'tiny', dataset: 'two', config });
    const execution = studio.scheduler.train(run.id, { resume: false });
    const trainer = await engines.next();
    const busy = await refusal(measure(), 'in-use');
    expect(busy.message).toContain(`"${run.name}" is being trained`);
    // A paused run does no computation.
    trainer.say({ type: 'state', state: 'paused' });
    const working = measure();
    await measured();
    await working;
    await trainer.finish();
    await execution;
    const last = measure();
    const engine = await engines.next();
    const closing = studio.close();
    await refusal(last, 'cancelled');
    expect(engine.controls).toEqual(['suspend']);
    await closing;
  });

  it('refuses settings and images that could not be trained', async () => {
    await refusal(measure({ batchSize: 0 }), 'config-invalid');
    const request = { backbone: 'tiny', config: configured({}) };
    await refusal(studio.plans.benchmark({ ...request, dataset: 'one' }), 'dataset-unusable');
    await refusal(studio.plans.benchmark({ ...request, dataset: 'none' }), 'not-found');
    expect(engines.count).toBe(0);
  });
});

describe('blocks that are computed again', () => {
  it('are told where memory is short, and where they are asked for', async () => {
    expect(await plan()).toMatchObject({ checkpointedBlocks: 0, blocks: 2 });
    const short = await plan({ batchSize: 65536, imageSize: 256 });
    expect(short.memoryBytes).toBeGreaterThan(short.memoryFreeBytes);
    expect(await plan({ gradientCheckpointing: 'always' })).toMatchObject({
      checkpointedBlocks: 1,
    });
  });

  it('are none, and take no memory, with settings that nothing can be computed with', async () => {
    for (const wrong of [{ batchSize: 0.5 }, { karst: { rank: -1 } }] as const) {
      const { memoryBytes, memoryFreeBytes, checkpointedBlocks, problems } = await plan(wrong);
      expect({ memoryBytes, checkpointedBlocks }).toEqual({
        memoryBytes: null,
        checkpointedBlocks: 0,
      });
      expect(memoryFreeBytes).toBeGreaterThan(0);
      expect(problems).not.toEqual([]);
    }
  });

  it('are measured as they would be trained, and apart', async () => {
    const working = measure({ gradientCheckpointing: 'always' });
    const engine = await engines.next();
    expect(engine.job).toMatchObject({ kind: 'benchmark', checkpointedBlocks: 1 });
    engine.fail('out-of-memory', 'There is not enough memory for this job.');
    await refusal(working, 'out-of-memory');
    const again = measure({ gradientCheckpointing: 'always' });
    await measured();
    await again;
    expect((await plan({ gradientCheckpointing: 'always' })).seconds).not.toBeNull();
    expect((await plan()).seconds).toBeNull();
  });

  it('stay the same when a run goes on', async () => {
    const config = configured({ gradientCheckpointing: 'always' });
    const { id } = await studio.runs.create({ backbone: 'tiny', dataset: 'two', config });
    expect(studio.runs.get(id).checkpointedBlocks).toBeNull();
    const execution = studio.scheduler.train(id, { resume: false });
    const engine = await engines.next();
    expect(engine.training.checkpointedBlocks).toBe(1);
    expect(studio.runs.get(id).checkpointedBlocks).toBe(1);
    engine.checkpoint(2);
    engine.fail('cancelled', 'The training was suspended.');
    await refusal(execution, 'cancelled');
    const resumed = studio.scheduler.train(id, { resume: true });
    const next = await engines.next();
    expect(next.training).toMatchObject({ resume: true, checkpointedBlocks: 1 });
    await next.finish();
    expect((await resumed).run.checkpointedBlocks).toBe(1);
  });
});

describe('what decides the speed', () => {
  const key = (o: SomeSettings = {}, threads = 2, kernels: string | null = null): string =>
    speedKey(ARCHITECTURE, configured(o), { threads, device: 'auto' }, kernels);

  it.each<{ title: string; o: SomeSettings }>([
    { title: 'the batch', o: { batchSize: 5 } },
    { title: 'the size of images', o: { imageSize: 32 } },
    { title: 'the method', o: { method: 'full' } },
    { title: 'the kernels', o: { karst: { kernels: 5 } } },
    { title: 'the modules', o: { karst: { targetModules: ['attn.qkv'] } } },
    { title: 'dropped paths', o: { dropPath: 0.1 } },
    { title: 'dropped patches', o: { patchDrop: 0.5 } },
    { title: 'accumulated batches', o: { accumulate: 2 } },
  ])('is $title', ({ o }) => expect(key(o)).not.toBe(key()));

  it.each<{ title: string; o: SomeSettings }>([
    { title: 'the learning rate', o: { optimizer: { learningRate: 0.5 } } },
    { title: 'the epochs', o: { schedule: { epochs: 99 } } },
    { title: 'the seed', o: { seed: 3 } },
    { title: 'how much is dropped of paths', o: {} },
    { title: 'the image size, named as the backbone has it', o: { imageSize: 16 } },
    { title: 'the order of modules', o: { karst: { targetModules: reversed() } } },
  ])('is not $title', ({ o }) => expect(key(o)).toBe(key()));

  it('is not KARST where it is not used, but the threads always', () => {
    expect(key({ method: 'linear', karst: { rank: 7 } })).toBe(key({ method: 'linear' }));
    expect(key({}, 3)).not.toBe(key());
  });

  it('is the kernels that engines use', () => {
    expect(new Set([key(), key({}, 2, 'avx2'), key({}, 2, 'avx512')]).size).toBe(3);
  });
});

function reversed(): KarstOptions['targetModules'] {
  return [...KARST_DEFAULTS.targetModules].reverse();
}
