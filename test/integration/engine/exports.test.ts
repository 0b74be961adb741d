import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MergeJob, TrainJob } from '../../../shared/contract/engine/jobs.ts';
import type { MergeResult } from '../../../shared/contract/engine/results.ts';
import type { ManifestImage } from '../../../shared/domain/dataset.ts';
import type { ExportTarget } from '../../../shared/domain/export-target.ts';
import type { Verification } from '../../../shared/domain/metrics.ts';
import { METHOD_NAMES, methodSpec } from '../../../shared/methods/registry.ts';
import { sha256OfFile } from '../../../main/formats/files.ts';
import { tiffFile } from '../../unit/formats/tiff-file.ts';
import { srgbProfile, withProfile } from '../../fixtures/profiled-png.ts';
import { runProcess } from '../../fixtures/engine/engine-process.ts';
import { perform } from '../../fixtures/engine/in-process.ts';
import { configured, TestBed, writeManifest } from '../../fixtures/engine/test-bed.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const IMAGES = join(ROOT, 'test', 'fixtures', 'images');
const UPRIGHT = ['landscape.jpg', 'portrait.jpg', 'rgb.png', 'grey.png', 'palette.png'];
/** What TensorFlow's decoders read otherwise than we do. */
const OTHERWISE = ['rotated-6.jpg', 'orientation-3.png', 'wide-gamut.jpg', 'rgba.png', 'rgb.tif'];

let testBed: TestBed;
let trained: TrainJob;
let manifest: string;
let pictures: readonly string[];
beforeAll(async () => {
  testBed = await TestBed.open();
  const images = await testBed.images({ train: 20, val: 0 });
  trained = await testBed.run(images, configured({ schedule: { epochs: 2, warmupEpochs: 0 } }));
  await perform(trained, { cacheDir: testBed.cacheDir });
  const others = await Promise.all(
    [...UPRIGHT, ...OTHERWISE].map(async (name, i): Promise<ManifestImage> => {
      const path = join(IMAGES, name);
      const sha256 = await sha256OfFile(path);
      return { path, sha256, width: 1, height: 1, labels: [i % 3], split: 'val' };
    }),
  );
  pictures = others.map(({ path }) => path);
  manifest = join(testBed.folder, 'images.jsonl');
  await writeManifest(manifest, [...images, ...others]);
  await symlink(join(ROOT, 'node_modules'), join(testBed.folder, 'node_modules'));
});
afterAll(() => testBed.remove());

function exportJob(target: ExportTarget, changes: Partial<MergeJob> = {}): MergeJob {
  const { adapterDir, backbone, runDir } = trained;
  const precision = 'precision' in target.options ? target.options.precision : '';
  return {
    ...{ kind: 'merge', adapterDir, backbone, target, manifest, verifyImages: 1000 },
    out: `${runDir}-${target.format}${precision}`,
    acceptLoss: false,
    manifestSha256: 'a'.repeat(64),
    licence: 'apache-2.0',
    ...changes,
  };
}

async function exported(target: ExportTarget): Promise<MergeResult> {
  const { result } = await perform(exportJob(target), { cacheDir: testBed.cacheDir });
  return result as MergeResult;
}

describe.each(METHOD_NAMES.filter((method) => !methodSpec(method).merges))(
  'an adapter of %s, which cannot be merged',
  (method) => {
    let own: TrainJob;
    beforeAll(async () => {
      const images = await testBed.images({ train: 20, val: 0 });
      const config = configured({ method, schedule: { epochs: 2, warmupEpochs: 0 } });
      own = await testBed.run(images, config);
      await perform(own, { cacheDir: testBed.cacheDir });
    });
    const jobFor = (target: ExportTarget): MergeJob => ({
      ...exportJob(target, { adapterDir: own.adapterDir }),
      out: `${own.runDir}-${target.format}`,
    });

    it.each<ExportTarget>([
      { format: 'onnx', options: { precision: 'float32' } },
      { format: 'savedmodel', options: {} },
    ])('goes out as $format with its extra layers', async (target) => {
      const { result } = await perform(jobFor(target), { cacheDir: testBed.cacheDir });
      const { out, verification } = result as MergeResult;
      expect(verification).toMatchObject({ images: 30, top1Agreement: 1, tolerance: 1e-4 });
      expect(await readFile(join(out, 'README.md'), 'utf8')).toContain('as extra layers on');
    });

    it.each(['timm', 'hf'] as const)('is refused as %s, with what holds it', async (format) => {
      const job = jobFor({ format, options: {} });
      await expect(perform(job, { cacheDir: testBed.cacheDir })).rejects.toMatchObject({
        code: 'not-available',
        hint: 'Export it as ONNX or as a SavedModel, which carry its extra layers.',
      });
      await expect(readdir(job.out)).rejects.toThrow('ENOENT');
    });
  },
);

describe('an export to ONNX', () => {
  it.each([
    ['float32', 1e-4],
    ['float16', 5e-3],
  ] as const)('in %s is proven by ONNX Runtime', async (precision, tolerance) => {
    const { out, verification } = await exported({ format: 'onnx', options: { precision } });
    expect(verification).toMatchObject({ images: 30, of: 'probabilities', tolerance });
    expect(verification.maxAbsDiff).toBeGreaterThan(0);
    expect(verification.maxAbsDiff).toBeLessThanOrEqual(tolerance);
    expect((await readdir(out)).sort()).toEqual([
      ...['README.md', 'labels.txt', 'model.onnx'],
      ...['predict.mjs', 'predict.py', 'preprocessing.json'],
    ]);
    expect(await readFile(join(out, 'labels.txt'), 'utf8')).toBe('copper\njade\nslate\n');
    const card = await readFile(join(out, 'README.md'), 'utf8');
    expect(card).toContain(`sha256 ${'a'.repeat(64)}`);
    expect(card).toContain(`Weights: ${precision}`);
    expect(card).toContain('License of the backbone: apache-2.0');
  });

  it('in 8 bits says what each predicts right', async () => {
    const target = { format: 'onnx', options: { precision: 'int8' } } as const;
    const { verification } = await exported(target);
    expect(verification.accuracy).toBeDefined();
    expect(verification.maxAbsDiff).toBeGreaterThan(0);
  });

  it('has a script for Node that prints the classes of `karst predict`', async () => {
    const target = { format: 'onnx', options: { precision: 'float32' } } as const;
    const { out } = await exported2(target);
    const { adapterDir, backbone } = trained;
    const paths = [...pictures, ...(await profiled())];
    const predicted = await perform(
      { kind: 'predict', adapterDir, backbone, paths, top: 3, batchSize: 4 },
      { cacheDir: testBed.cacheDir },
    );
    const wanted = predicted.events.flatMap((e) =>
      e.type === 'prediction' ? [e.predictions.map(({ label }) => label)] : [],
    );
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(out, 'predict.mjs'),
      ...paths,
    ]);
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) =>
        line
          .split('  ')
          .slice(1)
          .map((part) => part.split(' ')[0]),
      );
    expect(printed).toEqual(wanted);

    const [first = ''] = paths;
    const others = [join(out, 'labels.txt'), first, join(out, 'missing.png')];
    // As the studio and predict.py: nothing says which of its levels are black and white.
    const deep = join(testBed.folder, 'floating.tif');
    const strip = new Uint8Array(Float32Array.from({ length: 48 }, (_, i) => i / 48).buffer);
    await writeFile(deep, tiffFile({ width: 4, height: 4, bands: 3, bits: 32, format: 3, strip }));
    const floating = await failed([join(out, 'predict.mjs'), deep]);
    expect(floating.code).toBe(1);
    expect(floating.stderr).toContain('floating.tif is not classified: its samples are float');

    const refused = await failed([join(out, 'predict.mjs'), ...others]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toBe(`${stdout.split('\n')[0] ?? ''}\n`);
    const sentences = refused.stderr.trim().split('\n');
    expect(sentences).toHaveLength(2);
    [others[0], others[2]].forEach((path, i) =>
      expect(sentences[i]).toContain(`${path ?? ''} is not classified: Input file`),
    );
    expect((await failed([join(out, 'predict.mjs')])).stderr).toBe(
      'Usage: node predict.mjs PICTURE...\n',
    );
  });

  it('has a script for Node that says what it needs where that is not installed', async () => {
    const alone = await mkdtemp(join(tmpdir(), 'karst-script-'));
    const script = join(alone, 'predict.mjs');
    await copyFile(join(ROOT, 'main/exports/scripts/onnx.mjs'), script);
    const { code, stderr } = await failed([script, 'picture.jpg']);
    await rm(alone, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Run "npm install onnxruntime-node sharp" beside predict.mjs: .*\n$/);
  });
});

/** Pictures with a profile of sRGB, and one with a damaged one. */
async function profiled(): Promise<string[]> {
  const profile = await srgbProfile();
  return Promise.all(
    ['palette.png', 'grey.png', 'rgb.png', 'tiny.png'].map(async (name) => {
      const png = await readFile(join(IMAGES, name));
      const path = join(testBed.folder, `profiled-${name}`);
      await writeFile(path, withProfile(png, name === 'tiny.png' ? Buffer.from('none') : profile));
      return path;
    }),
  );
}

interface Failure {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function failed(args: readonly string[]): Promise<Failure> {
  const run = promisify(execFile)(process.execPath, args);
  return run.then(
    () => Promise.reject(new Error('The script was to fail.')),
    (error: unknown) => error as Failure,
  );
}

/** Into a folder of its own, since the first test has written the other. */
async function exported2(target: ExportTarget): Promise<MergeResult> {
  const job = exportJob(target, { out: `${trained.runDir}-scripted` });
  return (await perform(job, { cacheDir: testBed.cacheDir })).result as MergeResult;
}

describe('an export to TensorFlow', () => {
  it("is proven by TensorFlow's own loader, for images and for files", async () => {
    const job = exportJob({ format: 'savedmodel', options: {} });
    const engine = await runProcess(job, testBed.cacheDir, { native: true });
    const done = engine.events.find((event) => event.type === 'done');
    expect(done?.type === 'done' ? 'done' : engine.events).toBe('done');
    const verification = (done as { result: { verification: Verification } }).result.verification;
    expect(verification).toMatchObject({ images: 30, of: 'probabilities', tolerance: 1e-4 });
    expect(verification.maxAbsDiff).toBeLessThanOrEqual(1e-4);
    const { files } = verification;
    expect(files).toMatchObject({ images: 20 + UPRIGHT.length, leftOut: OTHERWISE.length });
    expect(files!.maxPixelDiff).toBeLessThanOrEqual(2);
    expect(files!.maxProbabilityDiff).toBeGreaterThan(0);
    expect((await readdir(job.out)).sort()).toEqual([
      ...[
        'README.md',
        'labels.txt',
        'predict.py',
        'preprocessing.json',
        'saved_model.pb',
        'variables',
      ],
    ]);
    expect(await readFile(join(job.out, 'README.md'), 'utf8')).toContain('EXIF');
  });
});
