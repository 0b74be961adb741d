import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineEnvironment } from '../../main/platform/engine-environment.mjs';
import type { Device } from './device.ts';
import { waitForQuiet } from './machine.ts';
import { BENCH_MODELS, type BenchModel, type ModelName } from './models.ts';
import { median, spread } from './statistics.ts';
import { OTHERS, stepAnswer } from './steps.ts';
import { Subject } from './subject.ts';
import { markdownTable, type Section } from './table.ts';
import { makeTask } from './task.ts';

/**
 * Evaluation throughput in images a second against timm on the same device, with the same weights
 * and batch. The subjects alternate within each turn. The merged model and the plain backbone run
 * the same graph with different weights; their ratio is computed per turn.
 */

export interface EvaluationRow {
  readonly model: string;
  readonly batch: number;
  readonly subject: 'timm' | 'plain' | 'merged' | 'adapter' | 'beside';
  readonly medianSeconds: number;
  /** (max − min) ÷ median. */
  readonly spread: number;
  readonly imagesPerSecond: number;
  /** Median over the turns of timm's time ÷ this subject's time. */
  readonly timesTimm: number;
  /** Median over the turns of this subject's time ÷ the time of our plain backbone. */
  readonly timesPlain: number;
  readonly turns: number;
}

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** Counted turns of each model. */
const TURNS: Readonly<Record<ModelName, number>> = {
  ...{ tiny: 15, base: 8, 'dinov2-112': 15, 'dinov2-224': 8, swin: 8 },
};
const WARM_UP = 2;
/**
 * Short, because each answer also reports the load of other programs, and a disturbed turn is
 * repeated.
 */
const PATIENCE_MS = 3_000;
const SUBJECTS = ['timm', 'plain', 'merged', 'adapter', 'beside'] as const;
const TITLES: Readonly<Record<EvaluationRow['subject'], string>> = {
  timm: 'timm, `inference_mode`',
  plain: 'KARST Studio, the backbone',
  merged: 'KARST Studio, merged',
  adapter: 'KARST Studio, an adapter',
  beside: 'the same, not folded in',
};
/** Tolerance of the mean loss between two subjects that compute the same function. */
const LOSS_TOLERANCE = 1e-4;
const SAME: readonly (readonly [EvaluationRow['subject'], EvaluationRow['subject']])[] = [
  ['timm', 'plain'],
  ['merged', 'adapter'],
  ['merged', 'beside'],
];

type Times = Readonly<Record<EvaluationRow['subject'], number[]>>;

export async function measureEvaluation(
  python: string,
  device: Device,
  { models, turns }: { readonly models: readonly ModelName[]; readonly turns: number | null },
  say: (line: string) => void,
): Promise<Section> {
  const rows: EvaluationRow[] = [];
  for (const name of models) {
    const compared = { ...BENCH_MODELS[name], turns: turns ?? TURNS[name] };
    rows.push(...(await compare(python, compared, device, say)));
  }
  return { results: rows, markdown: describe(rows) };
}

async function compare(
  python: string,
  compared: BenchModel & { readonly turns: number },
  device: Device,
  say: (line: string) => void,
): Promise<EvaluationRow[]> {
  const { model, timm, heads, batch, size, turns } = compared;
  const threads = availableParallelism();
  const task = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    await makeTask(python, { timm, batch, size }, task);
    const ours = (form: string): Promise<Subject> =>
      Subject.start(
        form,
        process.execPath,
        [join(FOLDER, 'our-evaluation.ts'), task, String(heads), form],
        engineEnvironment({ threads, gpu: device.kind === 'gpu' }),
      );
    const peer = [join(FOLDER, 'peers', 'evaluation_peer.py'), timm, task, String(threads)];
    const subjects = {
      timm: await Subject.start('timm', python, [...peer, device.torch, String(size)]),
      plain: await ours('plain'),
      merged: await ours('merged'),
      adapter: await ours('adapter'),
      beside: await ours('beside'),
    };
    const times = await byTurns(subjects, turns, device);
    for (const subject of SUBJECTS) await subjects[subject].end();
    return SUBJECTS.map((subject) => {
      const row = summary(subject, times, batch);
      say(
        `${model}, batch ${String(batch)}, ${subject}: ${row.imagesPerSecond.toFixed(1)} images/s`,
      );
      return { model, batch, ...row };
    });
  } finally {
    rmSync(task, { recursive: true, force: true });
  }
}

/**
 * Alternates the subjects. Only turns in which other programs left the processor idle throughout
 * count.
 */
async function byTurns(
  subjects: Readonly<Record<EvaluationRow['subject'], Subject>>,
  turns: number,
  device: Device,
): Promise<Times> {
  const times: Times = { timm: [], plain: [], merged: [], adapter: [], beside: [] };
  const most = WARM_UP + 3 * turns;
  for (let turn = 0; turn < most && times.timm.length < turns; turn++) {
    const found = new Map<EvaluationRow['subject'], { seconds: number; loss: number }>();
    let quiet = true;
    // Rotate the order: each subject goes first equally often, since its predecessor may affect
    // caches.
    for (const [place] of SUBJECTS.entries()) {
      const name = SUBJECTS[(place + turn) % SUBJECTS.length] ?? 'timm';
      await waitForQuiet(PATIENCE_MS);
      const answer = await subjects[name].ask('evaluate', stepAnswer);
      found.set(name, answer);
      quiet &&= answer.others <= OTHERS;
    }
    for (const [one, other] of SAME) {
      const difference = Math.abs((found.get(one)?.loss ?? NaN) - (found.get(other)?.loss ?? NaN));
      if (!(difference < LOSS_TOLERANCE) && device.kind === 'cpu')
        throw new Error(`${one} and ${other} differ by ${String(difference)} in the loss`);
    }
    if (turn < WARM_UP || !quiet) continue;
    for (const [name, { seconds }] of found) times[name].push(seconds);
  }
  if (times.timm.length === 0)
    throw new Error(
      `other programs used the processor in all of ${String(most)} turns; close them and try again`,
    );
  return times;
}

function summary(
  subject: EvaluationRow['subject'],
  times: Times,
  batch: number,
): Omit<EvaluationRow, 'model' | 'batch'> {
  const own = times[subject];
  const medianSeconds = median(own);
  return {
    subject,
    medianSeconds,
    spread: spread(own),
    imagesPerSecond: batch / medianSeconds,
    timesTimm: median(own.map((seconds, turn) => (times.timm[turn] ?? NaN) / seconds)),
    timesPlain: median(own.map((seconds, turn) => seconds / (times.plain[turn] ?? NaN))),
    turns: own.length,
  };
}

function describe(rows: readonly EvaluationRow[]): string {
  const titles = [...new Set(rows.map(({ model, batch }) => `${model}, batch ${String(batch)}`))];
  return titles
    .map((title) => {
      const own = rows.filter(({ model, batch }) => `${model}, batch ${String(batch)}` === title);
      const lines = own.map((row) => [
        TITLES[row.subject],
        row.imagesPerSecond.toFixed(1),
        `${(1000 * row.medianSeconds).toFixed(0)} ms ± ${(50 * row.spread).toFixed(0)} %`,
        row.subject === 'timm' ? '' : row.timesTimm.toFixed(2),
        row.subject === 'timm' ? '' : row.timesPlain.toFixed(3),
        String(row.turns),
      ]);
      const head = ['', 'images a second', 'a batch', 'times timm', 'time ÷ plain', 'turns'];
      return `### ${title}\n\n${markdownTable(head, lines)}`;
    })
    .join('\n\n');
}
