import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { counted } from '../../../shared/domain/counted.ts';
import { parameterCount } from '../../../shared/models/registry.ts';
import { classNameOf } from '../../../shared/domain/dataset-classes.ts';
import { freeName } from '../../../shared/domain/free-name.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Adapter, Backbone, Dataset } from '../../../shared/domain/library.ts';
import type { Evaluation, Verification } from '../../../shared/domain/metrics.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { folderSize } from '../../host/services/diagnosis/machine.ts';
import {
  SAMPLE_CONFIG,
  SAMPLE_IMAGES,
  SAMPLE_VALIDATION,
  unpackedSample,
} from '../../host/services/sample.ts';
import type { Studio } from '../../host/contract/studio.ts';
import type { CommandContext } from '../context.ts';
import { verificationLines } from '../describe/evaluation.ts';
import { describeTime } from '../describe/run.ts';
import {
  formatCount,
  formatDuration,
  formatNumber,
  formatParameters,
  formatPercent,
} from '../output/format.ts';
import { trainableParameters, type TrainingSession } from '../training.ts';

/** Tolerance between the accuracy measured in training and that of the stored adapter. */
const ACCURACY_TOLERANCE = 0.01;

/** Output of `karst demo --json`. */
export interface DemoReport {
  readonly home: string;
  readonly backbone: string;
  readonly adapter: string;
  readonly images: { readonly train: number; readonly val: number };
  readonly top1: number;
  readonly loss: number;
  readonly trainableParameters: number;
  readonly backboneParameters: number;
  readonly merged: { readonly out: string; readonly verification: Verification };
  readonly exported: {
    readonly out: string;
    readonly bytes: number;
    readonly verification: Verification | null;
  };
  readonly predictions: readonly {
    readonly path: string;
    readonly truth: string;
    readonly label: string;
    readonly probability: number;
  }[];
  readonly seconds: number;
}

export interface DemoOptions {
  /** A backbone file instead of the starter. */
  readonly backbone?: string;
  readonly epochs?: number;
  readonly signal: AbortSignal;
}

/** Runs the workflow step by step, prints each step, and fails on unexpected results. */
export async function runDemo(
  context: CommandContext,
  studio: Studio,
  session: TrainingSession,
  options: DemoOptions,
): Promise<DemoReport> {
  const { signal } = options;
  const startedAt = performance.now();
  const { view } = session;
  const watching = { signal, onProgress: view.host, onEvent: view.engine };
  const steps = stepPrinter(context, () => view.stop());

  steps.begin('Import the bundled sample: handwritten digits of 8 × 8 pixels');
  const backbone = await demoBackbone(studio, options);
  const dataset = await importSample(studio, watching);
  steps.end(
    `${formatCount(dataset.counts.train)} images to train on, ${formatCount(dataset.counts.val)} to validate, ${dataset.classes.length} classes`,
  );

  const { schedule } = SAMPLE_CONFIG;
  const config: TrainingConfig = {
    ...SAMPLE_CONFIG,
    schedule: { ...schedule, epochs: options.epochs ?? schedule.epochs },
  };
  const trainable = trainableParameters(backbone, config, dataset.classes.length);
  const total = parameterCount({ ...backbone.architecture, classes: 0 });
  steps.begin(
    `Train KARST on the backbone ${backbone.name}: ${formatParameters(trainable)} parameters beside ${formatParameters(total)} frozen ones`,
  );
  const name = freeNameOf('digits-karst', [...studio.runs.list(), ...studio.adapters.list()]);
  const created = await studio.runs.create({
    backbone: backbone.id,
    dataset: dataset.id,
    name,
    config,
  });
  const { run, adapter, result } = await session.execute(studio, created, {
    resume: false,
    signal,
  });
  steps.end(`${counted(result.steps, 'step')}${describeTime(run)}`);

  steps.begin('Evaluate the stored adapter on the validation images');
  const { evaluation } = await studio.evaluations.evaluate(adapter.id, {
    ...watching,
    dataset: dataset.id,
    split: 'val',
  });
  checkEvaluation(evaluation, dataset, result.val);
  steps.end(`top-1 ${formatPercent(evaluation.top1)}, loss ${formatNumber(evaluation.loss)}`);

  steps.begin('Merge the adapter into the backbone, and compare both on validation images');
  const merged = await studio.merging.merge(adapter.id, watching);
  checkVerification(merged.verification, merged.out);
  steps.end(verificationLines(merged.verification).join('; '));

  steps.begin('Export the merged model as a folder that timm opens, and load it back');
  const exports = path.join(studio.home, 'exports');
  await mkdir(exports, { recursive: true });
  const out = path.join(exports, adapter.name);
  const exported = await studio.merging.export(adapter.id, {
    ...watching,
    format: 'timm',
    out,
  });
  if (exported.verification !== null) checkVerification(exported.verification, exported.out);
  const { bytes } = await folderSize(exported.out);
  steps.end(exported.out);

  steps.begin('Predict three images that training has not seen');
  const predictions = await predictThree(studio, adapter, dataset, watching);
  steps.end(
    predictions.map((p) => `${p.truth} → ${p.label} (${formatPercent(p.probability)})`).join(', '),
  );

  return {
    home: studio.home,
    backbone: backbone.name,
    adapter: adapter.name,
    images: { train: dataset.counts.train, val: dataset.counts.val },
    top1: evaluation.top1,
    loss: evaluation.loss,
    trainableParameters: result.trainableParameters,
    backboneParameters: total,
    merged: { out: merged.out, verification: merged.verification },
    exported: { out: exported.out, bytes, verification: exported.verification },
    predictions,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

const STEPS = 6;

function stepPrinter(
  context: CommandContext,
  stopProgress: () => void,
): { begin(what: string): void; end(how: string): void } {
  const { console } = context;
  let number = 0;
  let begunAt = 0;
  return {
    begin(what) {
      number++;
      begunAt = performance.now();
      console.say('', console.bold(`${number}/${STEPS} ${what}`));
    },
    end(how) {
      stopProgress();
      const seconds = formatDuration((performance.now() - begunAt) / 1000);
      console.say(`    ${how} ${console.dim(`[${seconds}]`)}`);
    },
  };
}

async function demoBackbone(studio: Studio, options: DemoOptions): Promise<Backbone> {
  const known = studio.backbones.list();
  if (options.backbone === undefined) {
    const starter = known.find((backbone) => studio.backbones.isStarter(backbone));
    if (starter !== undefined) return starter;
    throw new KarstError('not-found', 'The starter backbone is not part of this installation.', {
      hint: 'Name another one: karst demo --backbone FILE.safetensors.',
    });
  }
  const file = path.resolve(options.backbone);
  return (
    known.find((backbone) => backbone.path === file) ??
    (await studio.backbones.add(file, {
      name: freeNameOf('demo-backbone', known),
      signal: options.signal,
    }))
  );
}

async function importSample(
  studio: Studio,
  watching: Parameters<Studio['datasets']['check']>[1],
): Promise<Dataset> {
  const folder = await unpackedSample(studio.home);
  const { dataset } = await studio.datasets.add(folder, {
    ...watching,
    name: freeNameOf('digits', studio.datasets.list()),
    val: SAMPLE_VALIDATION,
    seed: 0,
  });
  const images = dataset.counts.train + dataset.counts.val + dataset.counts.test;
  if (images !== SAMPLE_IMAGES || dataset.unusable > 0) {
    throw new KarstError(
      'file-damaged',
      `The sample in ${folder} has ${images} usable images instead of ${SAMPLE_IMAGES}.`,
      { hint: 'Remove files that do not belong to it.', path: folder },
    );
  }
  return dataset;
}

/** The adapter must be well above chance, and as accurate as at the end of its training. */
export function checkEvaluation(
  evaluation: Pick<Evaluation, 'n' | 'top1'>,
  dataset: Pick<Dataset, 'classes' | 'counts'>,
  trained: Pick<Evaluation, 'top1'> | null,
): void {
  const chance = 1 / dataset.classes.length;
  const problem =
    evaluation.n !== dataset.counts.val
      ? `only ${evaluation.n} of ${dataset.counts.val} images were evaluated`
      : evaluation.top1 < 2 * chance
        ? `its accuracy is ${formatPercent(evaluation.top1)}, and guessing gives ${formatPercent(chance)}`
        : trained !== null && Math.abs(trained.top1 - evaluation.top1) > ACCURACY_TOLERANCE
          ? `its accuracy is ${formatPercent(evaluation.top1)}, and at the end of training it was ${formatPercent(trained.top1)}`
          : null;
  if (problem !== null) {
    throw new KarstError(
      'verification-failed',
      `The trained adapter is not as expected: ${problem}.`,
      {
        hint: 'Run `karst doctor`, and report this with what it prints.',
      },
    );
  }
}

export function checkVerification(verification: Verification, out: string): void {
  const { images, maxAbsDiff, tolerance } = verification;
  if (images > 0 && maxAbsDiff <= tolerance) return;
  throw new KarstError(
    'verification-failed',
    `The model in ${out} does not give the adapter's predictions: ${verificationLines(verification).join('; ')}.`,
    { hint: 'Run `karst doctor`, and report this with what it prints.', path: out },
  );
}

async function predictThree(
  studio: Studio,
  adapter: Adapter,
  dataset: Dataset,
  watching: Parameters<Studio['datasets']['check']>[1],
): Promise<DemoReport['predictions']> {
  // One image of each of three classes spread over the list.
  const wanted = [2, 5, 8];
  const chosen = new Map<number, string>();
  for (const image of studio.datasets.images(dataset.id, 'val')) {
    if (wanted.includes(image.label) && !chosen.has(image.label)) {
      chosen.set(image.label, image.path);
    }
  }
  const truths = new Map([...chosen].map(([label, file]) => [file, classNameOf(dataset, label)]));
  const rows = await studio.predictions.ofPaths(adapter.id, {
    ...watching,
    paths: [...truths.keys()],
    top: 3,
  });
  return rows.map((row) => {
    if ('error' in row) throw KarstError.fromReport(row.error);
    const [first] = row.predictions;
    if (first === undefined) {
      throw new KarstError('verification-failed', `${row.path} got no prediction.`, {
        path: row.path,
      });
    }
    return { path: row.path, truth: truths.get(row.path) ?? '', ...first };
  });
}

function freeNameOf(wanted: string, taken: readonly { readonly name: string }[]): string {
  return freeName(
    wanted,
    taken.map(({ name }) => name),
    '-',
  );
}
