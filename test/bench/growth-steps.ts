import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { engineEnvironment } from '../../main/platform/engine-environment.mjs';
import { waitForQuiet } from './machine.ts';
import { median, spread } from './statistics.ts';
import { memoryAnswer, OTHERS, PATIENCE_MS, stepAnswer } from './steps.ts';
import { Subject } from './subject.ts';
import { markdownTable, type Section } from './table.ts';

/** Our step of ViT-Tiny/16 with one setting varied and the others as in `BASE`. */
export interface StepGrowthRow {
  readonly batch: number;
  readonly imageSize: number;
  readonly rank: number;
  readonly kernels: number;
  readonly medianSeconds: number;
  readonly secondsPerImage: number;
  /** (max − min) ÷ median. */
  readonly spread: number;
  readonly steps: number;
  readonly peakMiB: number;
}

const BASE = { batch: 16, imageSize: 224, rank: 8, kernels: 8 };
export type Setting = keyof typeof BASE;
const VALUES: Readonly<Record<Setting, readonly number[]>> = {
  batch: [1, 4, 16, 64],
  imageSize: [96, 160, 224, 320],
  rank: [1, 4, 8, 16, 32],
  kernels: [1, 2, 4, 8, 16],
};
const WORDS: Readonly<Record<Setting, string>> = {
  batch: 'images a batch',
  imageSize: 'side of an image',
  rank: 'rank',
  kernels: 'kernels',
};
const SUBJECT = fileURLToPath(new URL('growth-step.ts', import.meta.url));
/** Initial steps that are not timed, because they compile. */
const WARM_UP = 2;
const STEPS = 7;

export async function measureSteps(
  setting: Setting,
  say: (line: string) => void,
): Promise<Section> {
  const rows: StepGrowthRow[] = [];
  for (const value of VALUES[setting]) {
    const row = await measureAt({ ...BASE, [setting]: value });
    say(`${WORDS[setting]} ${String(value)}: ${row.medianSeconds.toFixed(3)} s a step`);
    rows.push(row);
  }
  const markdown = markdownTable(
    [WORDS[setting], 'a step', 'an image', 'peak memory'],
    rows.map((row) => [
      String(row[setting]),
      `${row.medianSeconds.toFixed(3)} s ± ${(50 * row.spread).toFixed(0)} %`,
      `${(1000 * row.secondsPerImage).toFixed(1)} ms`,
      `${row.peakMiB.toFixed(0)} MiB`,
    ]),
  );
  return { results: rows, markdown };
}

async function measureAt(settings: typeof BASE): Promise<StepGrowthRow> {
  const { batch, imageSize, rank, kernels } = settings;
  const subject = await Subject.start(
    'our step',
    process.execPath,
    [SUBJECT, ...[batch, imageSize, rank, kernels].map(String)],
    engineEnvironment({ threads: availableParallelism() }),
  );
  const seconds: number[] = [];
  for (let step = 0; step < WARM_UP + 3 * STEPS && seconds.length < STEPS; step++) {
    await waitForQuiet(PATIENCE_MS);
    const answer = await subject.ask('step', stepAnswer);
    if (step >= WARM_UP && answer.others <= OTHERS) seconds.push(answer.seconds);
  }
  const { peakMiB } = await subject.ask('memory', memoryAnswer);
  await subject.end();
  if (seconds.length === 0) throw new Error('other programs used the processor in all steps');
  const medianSeconds = median(seconds);
  const secondsPerImage = medianSeconds / batch;
  const steps = seconds.length;
  return { ...settings, medianSeconds, secondsPerImage, spread: spread(seconds), steps, peakMiB };
}
