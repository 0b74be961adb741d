import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proofTools } from '../../../main/engine/merge/proof-tools.ts';
import { openRuntime, type Runtime } from '../../../main/engine/runtime/open-runtime.ts';
import { writeSafetensors } from '../../../main/formats/safetensors.ts';
import { exporterOf } from '../../../main/exports/registry.ts';
import type {
  ExportedModel,
  Exporter,
  ProofTools,
  ReadBack,
} from '../../../main/exports/exporter.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { MODEL_OPTIONS, type ModelFormat } from '../../../shared/domain/export-target.ts';
import { putIntoDocs } from '../../bench/docs.ts';
import { peersPython } from '../../bench/python.ts';
import { partOptions } from '../../parts.mjs';
import { allPictures, plainFixtures, plainPictures, studioPixels } from './pictures.ts';
import { difference, Subject, type Expected } from '../../fixtures/library-backbone.ts';
import { fileTable, table, type Measured, type OfFiles, type Opened } from './table.ts';

/**
 * Every backbone of test/fixtures/backbones and four of full size against the libraries themselves:
 * our features equal theirs, and what we write is opened by them and gives our probabilities on the
 * same pixels. The measured differences go into docs/backbones.md.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const FIXTURES = here('../../fixtures/backbones');
const PAGE = here('../../../docs/backbones.md');
/** Of the files of width 16 that name no heads. */
const HEADS = 2;
/** Of features relative to the largest, of probabilities absolute. */
const BOUND = 1e-4;
/** Between the best two probabilities: from here on both must name the same class. */
const CLEAR = 0.02;

const FORMATS = Object.keys(MODEL_OPTIONS) as ModelFormat[];

/** What `open_exports.py` is to do. */
interface Job {
  readonly name: string;
  readonly format: string;
  readonly folder: string;
  readonly pixels: string;
  readonly files: readonly string[];
}

const { backbone, data } = partOptions();

const answer = v.object({
  name: v.string(),
  format: v.string(),
  by: v.string(),
  difference: v.optional(v.number()),
  files: v.optional(v.array(v.array(v.number()))),
  error: v.optional(v.string()),
});

let python: string;
let runtime: Runtime;
let folder: string;
const measured = new Map<string, Measured>();
/** What the libraries have not opened yet. */
const jobs: Job[] = [];
/** Of each backbone the studio's probabilities of the pictures. */
const ofPictures = new Map<string, Float32Array[]>();
const ofFiles: OfFiles[] = [];

beforeAll(async () => {
  python = await peersPython(say, [here('requirements.txt')]);
  runtime = await openRuntime();
  folder = mkdtempSync(join(tmpdir(), 'karst-libraries-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function runPython(script: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, OMP_NUM_THREADS: '2', PYTHONDONTWRITEBYTECODE: '1' };
  const options = { env, maxBuffer: 2 ** 26 };
  return (await promisify(execFile)(python, [here(script), ...args], options)).stdout;
}

const fixtures = readdirSync(FIXTURES).filter((name) =>
  existsSync(join(FIXTURES, name, 'expected.safetensors')),
);

describe.each(fixtures)('%s', (name) => {
  it('is read as its library computes it, and written', async () => {
    const source = join(FIXTURES, name);
    const named = existsSync(join(source, 'config.json'));
    await measure(await Subject.open(source, name, named ? undefined : HEADS));
  });
});

it('opens what was written in the libraries', openAll);

describe('full sizes', () => {
  it('are read and written alike', async () => {
    const made = join(folder, 'full');
    await runPython('full_sizes.py', made);
    for (const name of readdirSync(made)) {
      const subject = await Subject.open(join(made, name), name);
      await measure(subject, plainPictures(data));
      rmSync(join(made, name), { recursive: true });
      await openAll();
    }
  });
});

describe('what a folder shows its users', () => {
  it.each(['onnx', 'savedmodel'] as const)(
    'is a script that prints what the studio predicts: %s',
    async (format) => {
      const model = await (await Subject.open(join(FIXTURES, 'timm-vit'), 'timm-vit')).model();
      const out = join(folder, `script-${format}`);
      mkdirSync(out);
      await exporterOf<ModelFormat>(format).write(model, MODEL_OPTIONS[format].defaults, out);
      const pictures = format === 'onnx' ? await allPictures(folder) : plainFixtures();
      const ours = await byStudio(model, proofTools(runtime), pictures);
      const others = [join(out, 'labels.txt'), join(out, 'missing.png')];
      const script = join(out, 'predict.py');
      const { code, stdout, stderr } = await outcome([script, ...others, ...pictures]);
      const printed = stdout.trim().split('\n');
      expect(printed).toHaveLength(pictures.length);
      printed.forEach((line, i) => {
        const label = model.labels[best(ours[i] ?? [])] ?? '';
        expect(line).toContain(`${pictures[i] ?? ''}  ${label} `);
      });
      expect(code).toBe(1);
      expect(stderr).not.toContain('Traceback');
      for (const other of others) expect(stderr).toContain(`${other} is not classified: `);
      const { code: none, stderr: usage } = await outcome([script]);
      expect(none).toBe(1);
      expect(usage).toContain('python predict.py PICTURE...');
    },
  );

  it.each(FORMATS.flatMap((format) => ['timm-vit', 'hf-swin'].map((name) => [format, name])))(
    'are three lines that run as they are: %s of %s',
    async (format, name) => {
      const model = await (await Subject.open(join(FIXTURES, name), name)).model();
      const out = join(folder, `lines-${format}-${name}`);
      expect(await holds(model, format as ModelFormat, out)).toBe(true);
      copyFileSync(here('../../fixtures/images/landscape.jpg'), join(out, 'picture.jpg'));
      const [, lines = ''] =
        /```python\n(.*?)```/s.exec(readFileSync(join(out, 'README.md'), 'utf8')) ?? [];
      expect(lines.trim().split('\n')).toHaveLength(3);
      const { code, stderr } = await outcome(['-c', lines], out);
      expect(code, stderr).toBe(0);
    },
  );
});

it.skipIf(backbone === null)('reads a given backbone as transformers does', async () => {
  const subject = await Subject.open(backbone ?? '', 'given');
  const { preprocessing } = subject.inspected;
  const side = preprocessing.imageSize;
  const pictures = plainPictures(data);
  const images = await studioPixels(pictures, preprocessing);
  const batch = pictures.length;
  const pixels = join(folder, 'given.safetensors');
  await writeSafetensors(pixels, [
    { name: 'images', dtype: 'F32', shape: [batch, 3, side, side], data: images },
  ]);
  const { same, own } = v.parse(
    v.object({ same: v.array(v.array(v.number())), own: v.array(v.array(v.number())) }),
    JSON.parse(await runPython('class_tokens.py', backbone ?? '', pixels, ...pictures)),
  );
  const ours = await subject.features(runtime, { images, batch, side });
  expect(difference(ours, Float32Array.from(same.flat()))).toBeLessThanOrEqual(BOUND);
  const prepared = difference(ours, Float32Array.from(own.flat()));
  say(
    `class tokens of ${String(batch)} files by their own preparation: ${prepared.toExponential(1)}`,
  );
});

it('puts the tables into the page', async () => {
  const tables = [table([...measured.values()]), fileTable(ofFiles)];
  await putIntoDocs('libraries', tables.join('\n\n'), PAGE);
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of a call of Python, in a folder. */
async function outcome(args: readonly string[], cwd = folder): Promise<Outcome> {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', PYTHONDONTWRITEBYTECODE: '1' };
  return promisify(execFile)(python, [...args], { env, cwd }).then(
    (printed) => ({ code: 0, ...printed }),
    (error: unknown) => error as Outcome,
  );
}

/** Compares the features, and writes the backbone with a head in every format that holds it. */
async function measure(subject: Subject, files: readonly string[] = []): Promise<void> {
  const { name, expected } = subject;
  const apart = async (of: Expected | undefined): Promise<number | null> =>
    of === undefined ? null : difference(await subject.features(runtime, of), of.features);
  const own = expected.get('native');
  if (own === undefined) throw new Error(`${name} has no expected features.`);
  const [native, other] = [(await apart(own)) ?? Infinity, await apart(expected.get('other'))];
  expect(native).toBeLessThanOrEqual(BOUND);
  expect(other ?? 0).toBeLessThanOrEqual(BOUND);
  const opened: Opened[] = [];
  measured.set(name, { name, native, other, opened });

  const { images, batch, side } = own;
  const model = await subject.model();
  const place = join(folder, name);
  const tools = proofTools(runtime);
  const ours = await probabilities(
    await tools.ourNetwork(model.architecture, float32(model)),
    images,
    batch,
  );
  if (files.length > 0) ofPictures.set(name, await byStudio(model, tools, files));
  mkdirSync(place);
  const pixels = join(place, 'pixels.safetensors');
  await writeSafetensors(pixels, [
    { name: 'images', dtype: 'F32', shape: [batch, 3, side, side], data: images },
    { name: 'probabilities', dtype: 'F32', shape: [batch, model.labels.length], data: ours },
  ]);
  for (const format of FORMATS) {
    const out = join(place, format);
    if (!(await holds(model, format, out))) continue;
    if (format !== 'savedmodel') {
      jobs.push({ name, format, folder: out, pixels, files });
      continue;
    }
    // By the engine's TensorFlow, the library that is in the environment's package, too.
    const back = await exporterOf(format).open(out, model, tools);
    const theirs = await back.run(images, batch);
    await back.close();
    record(opened, { format, by: 'tensorflow', difference: difference(theirs, ours) });
  }
}

/** Has the libraries open what was written since the last call, and removes it. */
async function openAll(): Promise<void> {
  const list = join(folder, 'jobs.json');
  writeFileSync(list, JSON.stringify(jobs));
  const lines = (await runPython('open_exports.py', list)).trim().split('\n');
  for (const { folder: one } of jobs.splice(0)) rmSync(one, { recursive: true });
  for (const line of lines) {
    const { name, format, by, difference: found, files, error } = v.parse(answer, JSON.parse(line));
    expect(error, `${name}: ${format} by ${by}`).toBeUndefined();
    record(measured.get(name)?.opened ?? [], { format, by, difference: found ?? Infinity });
    if (files !== undefined) ofFiles.push({ name, format, by, ...compared(name, files) });
  }
}

/** Of their preparation and ours: the largest difference, and whether clear answers are the same. */
function compared(name: string, theirs: readonly number[][]): { difference: number } {
  const ours = ofPictures.get(name) ?? [];
  expect(theirs).toHaveLength(ours.length);
  let worst = 0;
  theirs.forEach((row, index) => {
    const own = ours[index] ?? new Float32Array();
    worst = Math.max(worst, difference(Float32Array.from(row), own));
    const [first = 0, second = 0] = [...row].sort((a, b) => b - a);
    if (first - second > CLEAR)
      expect(best(row), `${name}, picture ${String(index)}`).toBe(best(own));
  });
  return { difference: worst };
}

const best = (row: ArrayLike<number>): number => {
  const values = Array.from(row);
  return values.indexOf(Math.max(...values));
};

async function byStudio(
  model: ExportedModel,
  tools: ProofTools,
  files: readonly string[],
): Promise<Float32Array[]> {
  const pixels = await studioPixels(files, model.preprocessing);
  const network = await tools.ourNetwork(model.architecture, float32(model));
  const all = await probabilities(network, pixels, files.length);
  const classes = all.length / files.length;
  return files.map((_, i) => all.subarray(i * classes, (i + 1) * classes));
}

function record(opened: Opened[], found: Opened): void {
  expect(found.difference, `${found.format} by ${found.by}`).toBeLessThanOrEqual(BOUND);
  opened.push(found);
}

/** @returns false when the format cannot hold the model, which it says */
async function holds(model: ExportedModel, format: ModelFormat, out: string): Promise<boolean> {
  mkdirSync(out, { recursive: true });
  const exporter: Exporter = exporterOf<ModelFormat>(format);
  try {
    await exporter.write(model, MODEL_OPTIONS[format].defaults, out);
    return true;
  } catch (error) {
    if (!(error instanceof KarstError) || error.code !== 'not-available') throw error;
    expect(error.message).toMatch(
      /^(?:No (?:class|image processor) of transformers|timm cannot hold)/,
    );
    return false;
  }
}

function float32(model: ExportedModel): Map<string, Float32Array> {
  return new Map([...model.tensors].map(([name, data]) => [name, Float32Array.from(data)]));
}

async function probabilities(
  back: ReadBack,
  images: Float32Array,
  batch: number,
): Promise<Float32Array> {
  const logits = await back.run(images, batch);
  await back.close();
  const outputs = logits.length / batch;
  return Float32Array.from(
    Array.from({ length: batch }, (_, row) => [
      ...singleLabel.probabilities(logits.subarray(row * outputs, (row + 1) * outputs)),
    ]).flat(),
  );
}
