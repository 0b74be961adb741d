import { counted } from '../../../shared/domain/counted.ts';
import type { Run, RunState } from '../../../shared/domain/library.ts';
import type { RunStart } from '../../../shared/contract/window/runs.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import {
  type EpochWaiting,
  summariseWaiting,
  waitingShare,
} from '../../../shared/domain/waiting.ts';
import { taskSpec } from '../../../shared/tasks/registry.ts';
import { measuredValue } from '../../../shared/tasks/task.ts';
import type { Console } from '../output/console.ts';
import {
  formatCount,
  formatDuration,
  formatEpochs,
  formatMoment,
  formatNumber,
  formatPercent,
} from '../output/format.ts';
import { formatMetric } from '../output/metrics.ts';
import { facts, table } from '../output/table.ts';

const COLOURS: Partial<Record<RunState, Parameters<Console['paint']>[0]>> = {
  done: 'green',
  running: 'cyan',
  paused: 'cyan',
  interrupted: 'yellow',
  failed: 'red',
};

export function paintState(state: RunState, console: Console): string {
  const colour = COLOURS[state];
  return colour === undefined ? state : console.paint(colour, state);
}

/** Time that steps waited for images, as text; empty before the first step. */
export function describeWaiting(epochs: readonly EpochWaiting[]): string {
  const summary = summariseWaiting(epochs);
  if (summary === null) return '';
  const { first, later } = summary;
  const told = (span: typeof first): string =>
    `${formatDuration(span.waitedSeconds)} (${formatPercent(waitingShare(span))})`;
  const after = later === null ? '' : `, ${told(later)} after it`;
  return `${told(first)} for images in the first epoch${after}`;
}

/** `Starting from "leaves-karst": 10 classes kept, 2 new (fern, moss).` */
export function describeStart({ adapterName, classes }: RunStart): string {
  const parts: string[] = [];
  if (classes !== null) {
    const { kept, added, dropped } = classes;
    parts.push(`${formatCount(kept.length)} ${kept.length === 1 ? 'class' : 'classes'} kept`);
    if (added.length > 0) parts.push(`${formatCount(added.length)} new (${listed(added)})`);
    if (dropped.length > 0)
      parts.push(`${formatCount(dropped.length)} no longer there (${listed(dropped)})`);
  }
  return `Starting from "${adapterName}"${parts.length === 0 ? '' : `: ${parts.join(', ')}`}.`;
}

/** The first of some names. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown}, …` : shown;
}

/** " in 3 min 20 s", with all that `Run.activeSeconds` counts; empty where it is not known. */
export function describeTime({ activeSeconds }: Run): string {
  return activeSeconds === null ? '' : ` in ${formatDuration(activeSeconds)}`;
}

export function describeRun(
  run: Run,
  waiting: readonly EpochWaiting[],
  console: Console,
): string[] {
  const { schedule } = run.config;
  const pairs: [string, string][] = [
    ['id', run.id],
    ['state', paintState(run.state, console)],
  ];
  if (run.error !== null) pairs.push(['because', run.error.message]);
  pairs.push(
    ['method', run.method],
    ['backbone', run.backboneName],
    ['dataset', run.datasetName],
    [
      'images',
      `${formatCount(run.counts.train)} train, ${formatCount(run.counts.val)} val in ${counted(run.classes.length, 'class', 'classes')}`,
    ],
    [
      'reached',
      `epoch ${formatEpochs(run.epoch)} of ${schedule.epochs}, step ${formatCount(run.step)}`,
    ],
  );
  if (run.checkpointStep !== null) {
    pairs.push(['checkpoint', `step ${formatCount(run.checkpointStep)}`]);
  }
  if (run.bestTop1 !== null) {
    const loss = run.bestLoss === null ? '' : `, loss ${formatNumber(run.bestLoss)}`;
    pairs.push(['best', `top-1 ${formatPercent(run.bestTop1)}${loss}`]);
  }
  const memory = describeCheckpointing(run);
  if (memory !== null) pairs.push(['memory', memory]);
  if (waiting.length > 0) pairs.push(['waited', describeWaiting(waiting)]);
  if (run.parentAdapterId !== null) pairs.push(['started from', run.parentAdapterId]);
  if (run.adapterId !== null) pairs.push(['adapter', run.adapterId]);
  pairs.push(['folder', run.folder], ['created', formatMoment(run.createdAt)]);
  if (run.startedAt !== null) pairs.push(['started', formatMoment(run.startedAt)]);
  if (run.endedAt !== null) pairs.push(['ended', formatMoment(run.endedAt)]);
  if (run.startedAt !== null)
    pairs.push([
      'duration',
      run.activeSeconds === null
        ? 'not known: an earlier version trained it'
        : `${formatDuration(run.activeSeconds)}, without pauses and waiting`,
    ]);
  return facts(pairs, console.dim);
}

/** Note on a run's gradient checkpointing; null without it. */
export function describeCheckpointing({ checkpointedBlocks, config }: Run): string | null {
  if (checkpointedBlocks === null || checkpointedBlocks === 0) return null;
  const why = config.gradientCheckpointing === 'auto' ? 'was short' : 'was saved';
  return `${why}: ${counted(checkpointedBlocks, 'block')} used gradient checkpointing`;
}

/** One line per validation: epoch, step, loss, and what else the best is chosen by. */
export function validationTable(
  records: readonly MetricRecord[],
  task: string,
  console: Console,
): string[] {
  const { metrics, chosenBy } = taskSpec(task);
  const shown = metrics.filter(({ key }) => key !== 'loss' && chosenBy.includes(key));
  const rows = records.flatMap((record) =>
    record.kind === 'validation'
      ? [
          [
            `${record.epoch}`,
            formatCount(record.step),
            formatNumber(record.loss),
            ...shown.map((metric) => formatMetric(metric, measuredValue(record, metric.key))),
            record.best ? 'best so far' : '',
          ],
        ]
      : [],
  );
  if (rows.length === 0) return [];
  return table(
    [
      { title: 'epoch', align: 'right' },
      { title: 'step', align: 'right' },
      { title: 'val loss', align: 'right' },
      ...shown.map(({ title }) => ({ title: `val ${title}`, align: 'right' as const })),
      { title: '' },
    ],
    rows,
    console.dim,
  );
}
