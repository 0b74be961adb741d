import type { EpochSplit, StartTimes } from './job-figures.ts';
import { markdownTable } from './table.ts';

export interface JobRow {
  readonly set: string;
  readonly size: number;
  readonly epochs: number;
  readonly seeds: number;
  readonly turns: number;
  /** Adding the images and the backbone to the library, which the script does not need. */
  readonly addingSeconds: number;
  /** Of the epochs after the first, if there are more. */
  readonly epochSeconds: { readonly ours: number; readonly script: readonly number[] };
  /** Workers of the faster form of the script. */
  readonly workers: number;
  readonly firstStep: {
    readonly cold: StartTimes;
    readonly warm: StartTimes;
    readonly script: number;
  };
  readonly split: EpochSplit;
  /** Null where no time to accuracy was measured. */
  readonly accuracy: JobAccuracy | null;
}

export interface JobAccuracy {
  /** Learning rate of the script. */
  readonly rate: number;
  /** By subject; `seconds` are null where most seeds did not get there. */
  readonly script: Reached;
  readonly defaults: Reached;
  readonly atRate: Reached;
}

export interface Reached {
  /** Median over the seeds of the best validation accuracy. */
  readonly best: number;
  /** Median over the seeds of the time from an empty cache to the target. */
  readonly seconds: number | null;
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;
const percent = (value: number): string => `${(100 * value).toFixed(0)} %`;
const title = ({ set, size }: JobRow): string => `${set}, ${String(size)} pixels`;
/** Figures that a run without `perf` does not have. */
const NONE = '–';

/** Markdown: what was run, then a table for each question. */
export function jobTables(rows: readonly JobRow[]): string {
  const timed = rows.filter(({ accuracy }) => accuracy !== null);
  return [
    ...rows.map(what),
    ...['### An epoch', epochs(rows), '### The first step', starts(rows)],
    ...(timed.length === 0 ? [] : ['### Time to accuracy', accuracies(timed)]),
    ...['### Where our epoch goes', splits(rows)],
  ].join('\n\n');
}

function what(row: JobRow): string {
  const { epochs, seeds, turns, workers, accuracy } = row;
  const runs = `${String(epochs)} epochs, ${String(seeds)} seeds, ${String(turns)} turns`;
  const rate = accuracy === null ? '' : ` at ${String(accuracy.rate)}`;
  const script = `the script${rate} with ${workers === 0 ? 'no worker' : 'one worker'}`;
  return `${title(row)}: batch 16, ${runs}; ${script}.`;
}

function epochs(rows: readonly JobRow[]): string {
  const head = ['', 'KARST Studio', 'script', 'script, a worker', '÷ the faster'];
  return markdownTable(
    head,
    rows.map((row) => {
      const { ours, script } = row.epochSeconds;
      const ratio = (ours / Math.min(...script)).toFixed(2);
      return [title(row), seconds(ours), ...script.map(seconds), ratio];
    }),
  );
}

function starts(rows: readonly JobRow[]): string {
  const head = [
    ...['', 'until its end', 'process', 'TensorFlow', 'graph', 'images', 'XLA and the step'],
    '÷ the script',
  ];
  return markdownTable(
    head,
    rows.flatMap((row) => {
      const { cold, warm, script } = row.firstStep;
      const ours = [
        ['nothing compiled', cold],
        ['compiled before', warm],
      ] as const;
      return [
        ...ours.map(([how, times]) => [
          `${title(row)}, ${how}`,
          ...[times.total, times.process, times.tensorflow, times.graph].map(seconds),
          ...[times.images, times.xla].map(seconds),
          (times.total / script).toFixed(2),
        ]),
        [`${title(row)}, script`, seconds(script), ...Array.from({ length: 6 }, () => '')],
      ];
    }),
  );
}

function accuracies(rows: readonly JobRow[]): string {
  const cells = ({ best, seconds: time }: Reached): string[] => [
    `${(100 * best).toFixed(1)} %`,
    time === null ? 'not reached' : seconds(time),
  ];
  return markdownTable(
    ['', 'best on validation', 'until 95 % of the script’s best'],
    rows.flatMap((row) => {
      if (row.accuracy === null) return [];
      const { script, defaults, atRate, rate } = row.accuracy;
      return [
        [`${title(row)}, script`, ...cells(script)],
        [`${title(row)}, KARST Studio with its defaults`, ...cells(defaults)],
        [`${title(row)}, KARST Studio at ${String(rate)}`, ...cells(atRate)],
      ];
    }),
  );
}

/** Products and other operations are parts of the processor time, which `perf` alone tells. */
function splits(rows: readonly JobRow[]): string {
  const head = [
    '',
    'steps',
    'of it waiting',
    'validation',
    'products',
    'other',
    'images',
    'system',
  ];
  return markdownTable(
    head,
    rows.map((row) => {
      const { steps, waiting, validation, perf } = row.split;
      const parts =
        perf === null ? null : [perf.products, perf.other, perf.images, perf.system].map(percent);
      return [
        ...[title(row), seconds(steps), seconds(waiting), seconds(validation)],
        ...(parts ?? Array.from({ length: 4 }, () => NONE)),
      ];
    }),
  );
}
