import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../../main/backends/session.ts';
import type { Program } from '../../../main/graph/program.ts';
import type { Runtime } from '../../../main/engine/runtime/open-runtime.ts';
import { writeAdapterFolder } from '../../../main/formats/adapter-folder.ts';
import { sha256OfFile } from '../../../main/formats/files.ts';
import {
  readAllFloat32,
  SafetensorsFile,
  writeSafetensors,
  type TensorDtype,
} from '../../../main/formats/safetensors.ts';
import { Checkpoint } from '../../../main/formats/checkpoints/checkpoint.ts';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import { checkBackbone, recogniseBackbone } from '../../../main/formats/checkpoints/registry.ts';
import type { BackboneReference, TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { EngineEvent } from '../../../shared/contract/engine/messages.ts';
import type { MergeResult } from '../../../shared/contract/engine/results.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import { tensorShapes } from '../../fixtures/tensor-shapes.ts';
import { METHOD_NAMES, methodSpec } from '../../../shared/methods/registry.ts';
import type { Prediction } from '../../../shared/domain/metrics.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { openInterpreter, perform } from '../../fixtures/engine/in-process.ts';
import {
  about,
  configured,
  SMALLEST_VIT,
  weightsFile,
  TestBed,
  writeManifest,
} from '../../fixtures/engine/test-bed.ts';
import type { SomeSettings } from '../../../shared/training/settings.ts';

let testBed: TestBed;
let images: ManifestImage[];
/** Images on which merged models are verified. */
let manifest: string;
beforeAll(async () => {
  testBed = await TestBed.open();
  images = await testBed.images({ train: 20, val: 0 });
  manifest = join(testBed.folder, 'manifest.jsonl');
  await writeManifest(manifest, images);
});
afterAll(() => testBed.remove());

async function trained(
  overrides: SomeSettings,
  changes: Partial<TrainJob> = {},
): Promise<TrainJob> {
  const config = configured({ schedule: { epochs: 1, warmupEpochs: 0 }, ...overrides });
  const job = await testBed.run(images, config, changes);
  await perform(job, { cacheDir: testBed.cacheDir });
  return job;
}
const mergeJob = (job: TrainJob, out = `${job.runDir}-merged`) =>
  ({
    kind: 'merge',
    adapterDir: job.adapterDir,
    backbone: job.backbone,
    target: { format: 'timm', options: {} },
    out,
    manifest,
    verifyImages: 18,
    acceptLoss: false,
    manifestSha256: null,
    licence: null,
  }) as const;

async function dtypes(path: string): Promise<Set<TensorDtype>> {
  const file = await SafetensorsFile.open(path);
  try {
    return new Set([...file.tensors.values()].map((t) => t.dtype));
  } finally {
    await file.close();
  }
}

async function predictions(
  adapterDir: string,
  backbone: BackboneReference,
): Promise<(readonly Prediction[])[]> {
  const paths = images.slice(0, 8).map((i) => i.path);
  const job = { kind: 'predict', adapterDir, backbone, paths, top: 3, batchSize: 8 } as const;
  const { events } = await perform(job, { cacheDir: testBed.cacheDir });
  return events.flatMap((e) => (e.type === 'prediction' ? [e.predictions] : []));
}

describe('a merge', () => {
  it.each([
    { title: 'KARST, scalar', overrides: {} },
    { title: 'KARST, channel', overrides: { karst: { rescale: 'channel', alpha: 7 } } },
    ...METHOD_NAMES.filter((m) => m !== 'karst' && methodSpec(m).merges).map((method) => ({
      title: method,
      overrides: { method },
    })),
    { title: 'LoRA with dropout', overrides: { method: 'lora', lora: { dropout: 0.2 } } },
    { title: 'another image size', overrides: { imageSize: 24 } },
  ] as const)('of $title is verified on images and is a plain backbone', async ({ overrides }) => {
    const job = await trained(overrides);
    const backboneBefore = await sha256OfFile(job.backbone.path!);
    const { result } = await perform(mergeJob(job), { cacheDir: testBed.cacheDir });
    const { out, verification } = result as MergeResult;
    expect(verification).toMatchObject({ images: 18, top1Agreement: 1 });
    expect(verification.maxAbsDiff).toBeLessThanOrEqual(verification.tolerance);
    expect(verification.tolerance).toBeLessThan(1e-2);
    expect((await readdir(out)).sort()).toEqual([
      'README.md',
      'config.json',
      'labels.json',
      'labels.txt',
      'model.safetensors',
      'preprocessing.json',
    ]);
    // Source files are never modified.
    expect(await sha256OfFile(job.backbone.path!)).toBe(backboneBefore);

    const imageSize = 'imageSize' in overrides ? overrides.imageSize : 16;
    const architecture = { ...SMALLEST_VIT, imageSize, classes: 3 };
    const path = join(out, 'model.safetensors');
    const file = await Checkpoint.open(path);
    checkBackbone(path, file.translation, architecture);
    const configPath = join(out, 'config.json');
    const text = await readFile(configPath, 'utf8');
    const config = parseModelConfig(JSON.parse(text), configPath);
    const recognised = recogniseBackbone(path, file.translation, { config });
    expect(recognised.architecture).toEqual(architecture);
    await file.close();

    // The merged weights, loaded as a complete model with a head-only adapter, give the same
    // answers as the original adapter.
    const merged = await readAllFloat32(path);
    expect([...merged.keys()].sort()).toEqual([...tensorShapes(architecture).keys()].sort());
    const whole: BackboneReference = {
      ...job.backbone,
      path,
      sha256: await sha256OfFile(path),
      architecture,
      preprocessing: { ...job.backbone.preprocessing, imageSize },
    };
    const headOnly = await headAdapter(job, whole, merged);
    const [wanted, found] = [
      await predictions(job.adapterDir, job.backbone),
      await predictions(headOnly, whole),
    ];
    expect(wanted).toHaveLength(8);
    expect(found).toEqual(
      wanted.map((row) => row.map((p) => ({ ...p, probability: about(p.probability, 5) }))),
    );
  });

  it.each(['F16', 'BF16'] as const)('keeps the type %s of the backbone', async (dtype) => {
    const path = join(testBed.folder, `${dtype}.safetensors`);
    const stored = await readAllFloat32(testBed.backbone.path!);
    const shapes = tensorShapes(SMALLEST_VIT);
    await writeSafetensors(
      path,
      [...shapes].map(([name, shape]) => ({ name, shape, dtype, data: stored.get(name)! })),
    );
    const backbone = { ...testBed.backbone, path, sha256: await sha256OfFile(path) };
    const job = await trained({}, { backbone });
    expect(await dtypes(weightsFile(job))).toEqual(new Set(['F32']));
    const { result } = await perform(mergeJob(job), { cacheDir: testBed.cacheDir });
    const { out, verification } = result as MergeResult;
    expect(await dtypes(join(out, 'model.safetensors'))).toEqual(new Set([dtype]));
    // Rounding to half precision prevents an exact match; a difference of 0 would mean that the
    // adapter was not merged.
    expect(verification.maxAbsDiff).toBeGreaterThan(0);
    expect(verification.maxAbsDiff).toBeLessThanOrEqual(verification.tolerance);
  });

  it('that is wrong is refused, and nothing of it is left', async () => {
    const job = await trained({});
    const runtime = spoiling(await openInterpreter());
    const before = await readdir(testBed.folder);
    const merge = mergeJob(job);
    const rejection = perform(merge, { cacheDir: testBed.cacheDir, runtime });
    await expect(rejection).rejects.toMatchObject({
      code: 'verification-failed',
      path: merge.out,
      message: expect.stringMatching(/differ .* by up to \d\.\d+e-\d, more than/) as string,
    });
    expect(await readdir(testBed.folder)).toEqual(before);
    // The same merge without corruption succeeds.
    await perform(merge, { cacheDir: testBed.cacheDir });
    expect(await readdir(testBed.folder)).toContain(basename(merge.out));
  });

  it('without a readable image proves nothing and is refused', async () => {
    const job = await trained({ method: 'linear' });
    const none = join(job.runDir, 'gone.jsonl');
    const gone = { ...images[0]!, path: join(testBed.folder, 'gone.png'), sha256: '0'.repeat(64) };
    await writeManifest(none, [gone]);
    const before = await readdir(testBed.folder);
    await expect(
      perform({ ...mergeJob(job), manifest: none }, { cacheDir: testBed.cacheDir }),
    ).rejects.toMatchObject({ code: 'dataset-unusable' });
    expect(await readdir(testBed.folder)).toEqual(before);
  });

  it('does not touch a folder that is there already', async () => {
    const job = await trained({ method: 'linear' });
    const merge = mergeJob(job);
    await perform(merge, { cacheDir: testBed.cacheDir });
    const model = join(merge.out, 'model.safetensors');
    const before = await sha256OfFile(model);
    await expect(perform(merge, { cacheDir: testBed.cacheDir })).rejects.toThrow(merge.out);
    expect(await sha256OfFile(model)).toBe(before);
  });

  it('runs on native TensorFlow as a process', async () => {
    const job = await trained({});
    const merge = mergeJob(job);
    const engine = await runProcess(merge, testBed.cacheDir, { native: true });
    expect(engine.outcome()).toMatchObject({
      type: 'done',
      result: { kind: 'merge', out: merge.out, verification: { images: 18, top1Agreement: 1 } },
    });
    const phases = engine.events.flatMap((e: EngineEvent) =>
      e.type === 'progress' ? [e.phase] : [],
    );
    expect([...new Set(phases)]).toEqual(['loading', 'merging', 'verifying']);
  });
});

/**
 * A runtime whose second session, that of the merged model, gets weights that are off by a
 * thousandth.
 */
function spoiling(runtime: Runtime): Runtime {
  let made = 0;
  const execute = (program: Program): Session => {
    const session = runtime.open(program);
    if (++made !== 2) return session;
    const write = session.write.bind(session);
    session.write = (values) =>
      write(new Map([...values].map(([name, v]) => [name, v.map((x) => x * 1.001)])));
    return session;
  };
  return { device: runtime.device, open: execute };
}

/**
 * Creates an adapter that holds only the head of a merged model, with that model as its backbone.
 */
async function headAdapter(
  job: TrainJob,
  backbone: BackboneReference,
  merged: ReadonlyMap<string, Float32Array>,
): Promise<string> {
  const dir = `${job.runDir}-head`;
  await writeAdapterFolder(dir, {
    name: 'head',
    tensors: [
      { name: 'head.weight', shape: [3, SMALLEST_VIT.width] },
      { name: 'head.bias', shape: [3] },
    ].map((t) => ({ ...t, dtype: 'F32' as const, data: merged.get(t.name)! })),
    config: {
      method: 'linear',
      options: {},
      task: 'single-label',
      backboneName: backbone.name,
      backboneSha256: backbone.sha256,
      architecture: backbone.architecture,
      parent: null,
      training: null,
    },
    preprocessing: backbone.preprocessing,
    labels: job.classes,
  });
  return dir;
}
