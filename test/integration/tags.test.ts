import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../main/engine/random.ts';
import { adapterConfigFromJson } from '../../main/formats/adapter-config.ts';
import { sha256OfFile } from '../../main/formats/files.ts';
import { gradients } from '../../main/graph/differentiate.ts';
import * as g from '../../main/graph/operations.ts';
import { homeFolders } from '../../main/host/home.ts';
import { newOwner, releaseOwner } from '../../main/host/owner.ts';
import { DatasetRepository } from '../../main/host/store/datasets.ts';
import { ImageRepository, type NewImage } from '../../main/host/store/images.ts';
import { closeLibrary, openLibrary } from '../../main/host/store/open-library.ts';
import { registerTask } from '../../main/tasks/registry.ts';
import type { EngineEvent } from '../../shared/contract/engine/messages.ts';
import type { EvaluateResult } from '../../shared/contract/engine/results.ts';
import { registerTaskSpec } from '../../shared/tasks/registry.ts';
import { engineOfThisProcess } from '../fixtures/engines/own-process.ts';
import { openInterpreter, perform } from '../fixtures/engine/in-process.ts';
import { configured, timeless, TestBed, writeManifest } from '../fixtures/engine/test-bed.ts';
import { tagsSpec } from '../fixtures/tags/spec.ts';
import { tags } from '../fixtures/tags/task.ts';
import { studioIn, temporaryFolder } from '../unit/host/support.ts';

/**
 * A custom multi-label task through the whole product: from a library with several labels per image
 * to an adapter.
 */
registerTaskSpec(tagsSpec);
registerTask(tags);

const CLASSES = ['red', 'green', 'blue'];
/** Every set of tags except the empty one, which a library cannot hold. */
const SETS = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];
const CONFIG = configured({
  schedule: { epochs: 8, warmupEpochs: 1 },
  labelSmoothing: 0.05,
  classWeightPower: 0.5,
  augmentation: { mixup: 0.2 },
});

let testBed: TestBed;
beforeAll(async () => (testBed = await TestBed.open()));
afterAll(() => testBed.remove());

/** Draws a noisy image whose tagged channels are bright. */
async function draw(path: string, own: readonly number[], index: number): Promise<string> {
  const stream = randomStream(3, 'tags', index);
  const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) =>
    Math.max(0, Math.min(255, (own.includes(i % 3) ? 200 : 60) + 15 * stream.normal())),
  );
  await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
    .png()
    .toFile(path);
  return sha256OfFile(path);
}

/** A home whose library holds 35 tagged images, seven of them for validation. */
async function furnished(): Promise<string> {
  const home = temporaryFolder();
  const images: NewImage[] = [];
  for (let position = 0; position < 5 * SETS.length; position++) {
    const [label = 0, ...furtherLabels] = SETS[position % SETS.length]!;
    const path = join(home, `${String(position)}.png`);
    const sha256 = await draw(path, [label, ...furtherLabels], position);
    images.push({
      ...{ position, path, sha256, label, furtherLabels, bytes: 100, width: 16, height: 16 },
      split: position < SETS.length ? 'val' : 'train',
      ...{ state: 'ok', reason: null, duplicateOf: null, givenSplit: null, searchKey: path },
    });
  }
  const owner = newOwner();
  const { library } = await openLibrary(homeFolders(home), owner);
  const datasets = new DatasetRepository(library);
  datasets.begin(
    {
      ...{ id: 'ds-1', name: 'lamps', path: home, layout: 'table', task: tagsSpec.name },
      ...{
        valFraction: 0.2,
        testFraction: 0,
        seed: 0,
        importingBy: owner,
        createdAt: '2026-01-01',
      },
    },
    CLASSES,
  );
  new ImageRepository(library).insert('ds-1', images);
  datasets.publish('ds-1', ['train', 'val']);
  closeLibrary(library, owner);
  releaseOwner(owner);
  return home;
}

describe('the loss of the task', () => {
  it('is what its metrics say, with its gradient', async () => {
    const rows = [
      { outputs: [0.3, -1.2, 2, -0.5], own: [0, 2] },
      { outputs: [-0.7, 0.1, 0.4, 1.5], own: [] },
    ];
    const metrics = tags.evaluation(CLASSES);
    const targets = new Float32Array(8);
    rows.forEach(({ outputs, own }, i) => {
      metrics.add(Float32Array.from(outputs), own);
      const row = targets.subarray(4 * i, 4 * i + 4);
      tags.encode(row, { first: own, second: own, lambda: 1 }, 0);
    });
    const outputs = g.input('outputs', [2, 4]);
    const inputs = [outputs, g.input('targets', [2, 4]), g.input('weights', [2])] as const;
    const loss = tags.loss(...inputs);
    const [gradient] = gradients(loss, [outputs]);
    const session = (await openInterpreter()).open({
      variables: [],
      functions: {
        f: { inputs: [...inputs], outputs: { loss, gradient: gradient! }, updates: [] },
      },
    });
    const values = rows.flatMap((row) => row.outputs);
    const at = (z: readonly number[]) =>
      session.run('f', {
        outputs: Float32Array.from(z),
        targets,
        weights: Float32Array.of(0.5, 0.5),
      });
    const found = await at(values);
    expect(found['loss']![0]).toBeCloseTo(metrics.result().loss, 6);
    for (const [i, z] of values.entries()) {
      const [up, down] = [await at(values.with(i, z + 0.05)), await at(values.with(i, z - 0.05))];
      expect(found['gradient']![i]).toBeCloseTo((up['loss']![0]! - down['loss']![0]!) / 0.1, 3);
    }
    await session.dispose();
  });
});

describe('a run of the task', () => {
  it('learns, is resumed bit for bit, is saved and loaded, evaluated and asked', async () => {
    const home = await furnished();
    const studio = await studioIn(home, { spawn: engineOfThisProcess });
    await studio.backbones.add(testBed.backbone.path!, { name: 'smallest' });
    const create = (name: string) =>
      studio.runs.create({ backbone: 'smallest', dataset: 'lamps', name, config: CONFIG });
    const run = await create('whole');
    const plan = await studio.plans.plan({
      backbone: 'smallest',
      dataset: 'lamps',
      config: CONFIG,
    });
    const first = (await readFile(join(run.folder, 'manifest.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(first[0]!)).toMatchObject({ label: 0, split: 'val' });
    expect(JSON.parse(first[6]!)).toMatchObject({ labels: [0, 1, 2], split: 'val' });

    const records: EngineEvent[] = [];
    const { adapter, result } = await studio.scheduler.train(run.id, {
      resume: false,
      onEvent: (event) => records.push(event),
    });
    expect(adapter.headParameters).toBe(4 * (16 + 1));
    expect(plan.headParameters).toBe(adapter.headParameters);
    expect(result.val).toMatchObject({ n: 7, top1: 1, confusion: [], metrics: { exact: 1 } });
    const validations = records.flatMap((event) =>
      event.type === 'metrics' && event.record.kind === 'validation' ? [event.record] : [],
    );
    const exact = validations.map((record) => record.metrics!['exact']!);
    expect(exact[0]).toBeLessThan(1);
    // The best epoch is the first with all tags right, or a later equal one with a smaller loss.
    const best = validations.findLast((record) => record.best)!;
    expect(best.metrics).toEqual({ exact: 1 });
    expect(
      Math.min(...validations.filter((r) => r.metrics!['exact'] === 1).map((r) => r.loss)),
    ).toBe(best.loss);
    expect(result.bestEpoch).toBe(best.epoch);
    const samples = studio.runs.samples(run.id);
    expect(JSON.stringify(await samples)).toContain('"truth":"red, green, blue"');

    const other = await create('interrupted');
    const abort = new AbortController();
    const stopped = studio.scheduler.train(other.id, {
      resume: false,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'metrics' && event.record.step === 17) abort.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = await studio.scheduler.train(other.id, { resume: true });
    const bytes = (folder: string) => readFile(join(folder, 'adapter_model.safetensors'));
    expect((await bytes(resumed.adapter.folder)).equals(await bytes(adapter.folder))).toBe(true);
    expect(timeless(studio.runs.metrics(other.id))).toEqual(timeless(studio.runs.metrics(run.id)));

    const { evaluation } = await studio.evaluations.evaluate(adapter.id, { dataset: 'lamps' });
    expect(evaluation).toEqual({
      ...result.val,
      loss: expect.closeTo(result.val!.loss, 5) as number,
    });
    const asked = await studio.predictions.ofPaths(adapter.id, {
      paths: [join(home, '3.png')],
      top: 3,
    });
    const [row] = asked;
    if (row === undefined || !('predictions' in row)) throw new Error('there is an answer');
    // Tags have independent probabilities.
    const probabilities = new Map(row.predictions.map((p) => [p.label, p.probability]));
    expect(probabilities.get('red')! + probabilities.get('green')!).toBeGreaterThan(1.2);
    expect(probabilities.get('blue')!).toBeLessThan(0.5);

    // A manifest may list images without tags.
    const folder = join(home, 'untagged');
    const path = `${folder}.png`;
    const line = { path, sha256: await draw(path, [], 99), width: 16, height: 16 };
    const manifest = `${folder}.jsonl`;
    await writeManifest(manifest, [{ ...line, labels: [], split: 'test' }]);
    const job = { kind: 'evaluate', adapterDir: adapter.folder, manifest, batchSize: 2 } as const;
    const untagged = await perform(
      { ...job, backbone: testBed.backbone },
      { cacheDir: testBed.cacheDir },
    );
    const judged = (untagged.result as EvaluateResult).evaluation;
    expect(judged).toMatchObject({ n: 1, top1: 0, perClass: [{ n: 0 }, { n: 0 }, { n: 0 }] });
    await writeFile(manifest, JSON.stringify({ ...line, labels: [3], split: 'test' }));
    await expect(
      perform({ ...job, backbone: testBed.backbone }, { cacheDir: testBed.cacheDir }),
    ).rejects.toThrow('is not an image: label 3 of 3 classes');

    // Without support for the task, the configuration is refused.
    const config = join(adapter.folder, 'adapter_config.json');
    const described = JSON.parse(await readFile(config, 'utf8')) as Record<string, unknown>;
    expect(described['task']).toBe('tags');
    expect(() => adapterConfigFromJson({ ...described, task: 'smells' }, config)).toThrow(
      'a task that this version of KARST Studio does not know, "smells"',
    );
  });
});
