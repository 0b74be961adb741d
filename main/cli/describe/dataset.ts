import { counted } from '../../../shared/domain/counted.ts';
import type { DatasetPreview } from '../../../shared/contract/window/dataset-source.ts';
import type { ClassEvent } from '../../../shared/domain/class-history.ts';
import { lastNameOf } from '../../../shared/domain/dataset-classes.ts';
import type { Dataset, DatasetLayout, DatasetProblem } from '../../../shared/domain/library.ts';
import { isNote } from '../../../shared/domain/problem-kinds.ts';
import type { Console } from '../output/console.ts';
import { formatBytes, formatCount, formatMoment, formatPercent } from '../output/format.ts';
import { facts, table } from '../output/table.ts';

const LAYOUTS: Record<DatasetLayout, string> = {
  'class-folders': 'one subfolder per class',
  'split-folders': 'train, val, test folders',
  'list-files': 'list files',
  table: 'table',
};

export function describeDataset(dataset: Dataset, console: Console): string[] {
  const { counts } = dataset;
  const leftOut = dataset.classes.filter((one) => one.leftOut).length;
  const pairs: [string, string][] = [
    ['id', dataset.id],
    ['from', `${dataset.path} (${LAYOUTS[dataset.layout]})`],
    [
      'classes',
      `${formatCount(dataset.classes.length)}${leftOut === 0 ? '' : `, ${formatCount(leftOut)} left out`}`,
    ],
    [
      'images',
      `${formatCount(counts.train)} train, ${formatCount(counts.val)} val, ${formatCount(counts.test)} test, ${formatBytes(dataset.bytes)}`,
    ],
    [
      'split',
      `${formatPercent(dataset.valFraction)} val, ${formatPercent(dataset.testFraction)} test where the source has none, seed ${dataset.seed}`,
    ],
  ];
  if (dataset.duplicates > 0) pairs.push(['duplicates', formatCount(dataset.duplicates)]);
  if (dataset.excluded > 0) pairs.push(['excluded', formatCount(dataset.excluded)]);
  if (dataset.unusable > 0) pairs.push(['unusable', formatCount(dataset.unusable)]);
  pairs.push(['added', formatMoment(dataset.createdAt)]);
  return facts(pairs, console.dim);
}

/** What an import will make of its source, in one line. */
export function previewLine(preview: DatasetPreview): string {
  const { classes, classCount, counts, problems, notes } = preview;
  const { free, ...given } = counts;
  const total = given.train + given.val + given.test + free;
  const split = (['train', 'val', 'test'] as const).map((of) => `${formatCount(given[of])} ${of}`);
  if (free > 0) split.push(`${formatCount(free)} without`);
  const names = classes.map(({ name, images }) => `${name} ${formatCount(images)}`);
  if (classCount > classes.length) names.push('…');
  return [
    `${counted(classCount, 'class', 'classes')}, ${counted(total, 'image')}`,
    free === total ? ', no split of its own' : `, own split (${split.join(' / ')})`,
    `: ${names.join(', ')}`,
    problems + notes > 0 ? `; ${formatCount(problems + notes)} skipped` : '',
  ].join('');
}

/** Classes with their images, up to a limit, then where to see the rest. */
export function classTable(
  dataset: Dataset,
  console: Console,
  limit?: { readonly most: number; readonly rest: string },
): string[] {
  const shown = limit === undefined ? dataset.classes : dataset.classes.slice(0, limit.most);
  const hidden = dataset.classes.length - shown.length;
  const lines = table(
    [
      { title: 'class' },
      { title: 'train', align: 'right' },
      { title: 'val', align: 'right' },
      { title: 'test', align: 'right' },
    ],
    shown.map((c) =>
      c.leftOut
        ? [console.dim(`${c.name} (left out)`), '', '', '']
        : [c.name, formatCount(c.train), formatCount(c.val), formatCount(c.test)],
    ),
    console.dim,
  );
  if (hidden > 0 && limit !== undefined)
    lines.push(`and ${formatCount(hidden)} more: ${limit.rest}`);
  return lines;
}

/** What became of the classes, in order. */
export function historyLines(
  history: readonly ClassEvent[],
  dataset: Dataset,
  console: Console,
): string[] {
  if (history.length === 0) return [];
  const lines = history.map(
    (e) => `  ${console.dim(formatMoment(e.at))}  ${inWords(e, history, dataset)}`,
  );
  return ['', 'what became of its classes:', ...lines];
}

function inWords(e: ClassEvent, history: readonly ClassEvent[], dataset: Dataset): string {
  switch (e.kind) {
    case 'added':
      return `"${e.name}" was added`;
    case 'renamed':
      return `"${e.formerName}" was renamed to "${e.name}"`;
    case 'merged':
      return `"${e.formerName}" was merged into "${e.name}", ${counted(e.images, 'image')}`;
    case 'unmerged':
      return `"${e.name}" was taken out of "${lastNameOf(dataset, history, e.intoLabel ?? -1)}" again`;
    case 'left-out':
      return `"${e.name}" was left out`;
    case 'included':
      return `"${e.name}" was taken in again`;
  }
}

/** Problems by file and reason, then notes, up to a limit each, then where to see the rest. */
export function problemLines(
  findings: readonly DatasetProblem[],
  console: Console,
  limit?: { readonly most: number; readonly rest: string },
): string[] {
  const problems = findings.filter((finding) => !isNote(finding));
  const notes = findings.filter(isNote);
  const list = (title: string, some: readonly DatasetProblem[]): string[] => {
    if (some.length === 0) return [];
    const shown = limit === undefined ? some : some.slice(0, limit.most);
    const lines = shown.map(
      ({ kind, path, line, reason }) =>
        `  ${console.paint('yellow', kind)}  ${path}${line === undefined ? '' : `:${line}`}  ${console.dim(reason)}`,
    );
    const hidden = some.length - shown.length;
    if (hidden > 0 && limit !== undefined)
      lines.push(`  and ${formatCount(hidden)} more: ${limit.rest}`);
    return ['', title, ...lines];
  };
  return [
    ...list(`${counted(problems.length, 'problem')} found:`, problems),
    ...list(
      `${counted(notes.length, 'note')}, which ${notes.length === 1 ? 'counts' : 'count'} as no problem:`,
      notes,
    ),
  ];
}
