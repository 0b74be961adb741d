import { counted } from '../../../shared/domain/counted.ts';
import type { ClassNote } from '../../../shared/domain/class-history.ts';
import type { StoredEvaluation } from '../../../shared/domain/library.ts';
import type { Evaluation, Verification } from '../../../shared/domain/metrics.ts';
import { taskSpec } from '../../../shared/tasks/registry.ts';
import { shownMetrics } from '../../../shared/tasks/task.ts';
import type { Console } from '../output/console.ts';
import { formatMetric, FRACTION_DIGITS } from '../output/metrics.ts';
import { formatCount, formatNumber, formatPercent } from '../output/format.ts';
import { facts, table } from '../output/table.ts';

/** Classes up to which the whole confusion matrix fits a terminal. */
const MATRIX_CLASSES = 15;
const WORST_CONFUSIONS = 10;

export function describeEvaluation(
  {
    evaluation,
    classNotes,
    task,
    split,
  }: Pick<StoredEvaluation, 'evaluation' | 'classNotes' | 'task' | 'split'>,
  dataset: string,
  console: Console,
): string[] {
  const pairs: [string, string][] = [
    ['images', `${formatCount(evaluation.n)}, ${split} split of ${dataset}`],
    ...shownMetrics(taskSpec(task), evaluation, evaluation.perClass.length).map(
      ({ metric, value }, index): [string, string] => {
        const text = formatMetric(metric, value);
        return [metric.title, index === 0 ? console.bold(text) : text];
      },
    ),
  ];
  const classes = table(
    [
      { title: 'class' },
      { title: 'images', align: 'right' },
      { title: 'precision', align: 'right' },
      { title: 'recall', align: 'right' },
      { title: 'F1', align: 'right' },
    ],
    evaluation.perClass.map((c) => [
      c.label,
      formatCount(c.n),
      formatPercent(c.precision),
      formatPercent(c.recall),
      c.f1.toFixed(FRACTION_DIGITS),
    ]),
    console.dim,
  );
  const notes = classNotes.length === 0 ? [] : ['', ...classNotes.map(noteInWords)];
  return [
    ...[...facts(pairs, console.dim), ...notes],
    ...['', ...classes, '', ...confusions(evaluation, console)],
  ];
}

function noteInWords(note: ClassNote): string {
  switch (note.kind) {
    case 'renamed':
      return `"${note.former}" is now "${note.name}".`;
    case 'merged':
      return `${note.former.map((name) => `"${name}"`).join(' and ')} ${note.former.length === 1 ? 'was' : 'were'} merged into "${note.name}": their probabilities are summed.`;
    case 'left-out':
      return `"${note.name}" is left out: its images are not evaluated.`;
    case 'unknown':
      return `${counted(note.images, 'image')} of "${note.name}" ${note.images === 1 ? 'is' : 'are'} not evaluated: the adapter does not know this class.`;
  }
}

function confusions(evaluation: Evaluation, console: Console): string[] {
  if (evaluation.confusion.length === 0) return [];
  const labels = evaluation.perClass.map((c) => c.label);
  if (labels.length <= MATRIX_CLASSES) {
    const columns = labels.map((title) => ({ title, align: 'right' as const }));
    const rows = evaluation.confusion.map((row, truth) => [
      labels[truth] ?? '',
      ...row.map((count, predicted) =>
        count === 0 ? '·' : predicted === truth ? console.bold(`${count}`) : `${count}`,
      ),
    ]);
    return table([{ title: 'actual \\ predicted' }, ...columns], rows, console.dim);
  }
  const worst = evaluation.confusion
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, WORST_CONFUSIONS);
  if (worst.length === 0) return ['No class is predicted as another.'];
  return table(
    [{ title: 'actual' }, { title: 'predicted' }, { title: 'images', align: 'right' }],
    worst.map(({ truth, predicted, count }) => [
      labels[truth] ?? '',
      labels[predicted] ?? '',
      formatCount(count),
    ]),
    console.dim,
  );
}

/**
 * "checked on 64 images: logits differ by at most 1.20e-6 (allowed 1.00e-4), top-1 predictions
 * agree on 100 %"; more lines for measured accuracy and for image files.
 */
export function verificationLines(verification: Verification): string[] {
  const { images, maxAbsDiff, of = 'outputs', tolerance, top1Agreement } = verification;
  const { accuracy, files } = verification;
  const allowed = accuracy !== undefined ? '' : ` (allowed ${formatNumber(tolerance)})`;
  const differ = `${of} differ by at most ${formatNumber(maxAbsDiff)}${allowed}`;
  const agree = (share: number): string => `top-1 predictions agree on ${formatPercent(share)}`;
  return [
    `checked on ${counted(images, 'image')}: ${differ}, ${agree(top1Agreement)}`,
    ...(accuracy === undefined
      ? []
      : [
          `of these images the adapter predicts ${formatPercent(accuracy.adapted)} right, the written model ${formatPercent(accuracy.exported)}`,
        ]),
    ...(files === undefined
      ? []
      : [
          `as files: ${counted(files.images, 'image')}, pixels differ by at most ${formatNumber(files.maxPixelDiff)} of 255, probabilities by ${formatNumber(files.maxProbabilityDiff)}, ${agree(files.top1Agreement)}${files.leftOut === 0 ? '' : `; ${formatCount(files.leftOut)} that it does not read as we do are left out`}`,
        ]),
  ];
}
