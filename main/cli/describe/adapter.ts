import { counted } from '../../../shared/domain/counted.ts';
import type { ParentAdapter, StoredEvaluation } from '../../../shared/domain/library.ts';
import type { AdapterLineage } from '../../host/contract/adapters.ts';
import type { Console } from '../output/console.ts';
import {
  formatBytes,
  formatMoment,
  formatNumber,
  formatParameters,
  formatPercent,
} from '../output/format.ts';
import { formatMetric } from '../output/metrics.ts';
import { facts } from '../output/table.ts';
import { taskSpec } from '../../../shared/tasks/registry.ts';
import { decisiveMetric, measuredValue } from '../../../shared/tasks/task.ts';

/** Limit of listed class names; the rest is counted. */
const LISTED_CLASSES = 12;

export function describeAdapter(
  { adapter, parent }: Pick<AdapterLineage, 'adapter' | 'parent'>,
  evaluations: readonly StoredEvaluation[],
  console: Console,
): string[] {
  const { classes } = adapter;
  const more = classes.length > LISTED_CLASSES ? ', …' : '';
  const pairs: [string, string][] = [
    ['id', adapter.id],
    ['method', adapter.method],
    ['backbone', `${adapter.backboneName} (sha256 ${adapter.backboneSha256.slice(0, 12)}…)`],
    ['classes', `${classes.length}: ${classes.slice(0, LISTED_CLASSES).join(', ')}${more}`],
    [
      'parameters',
      `${formatParameters(adapter.trainableParameters)}: ${formatParameters(adapter.adapterParameters)} adapter, ${formatParameters(adapter.headParameters)} head`,
    ],
    ['size', formatBytes(adapter.bytes)],
  ];
  if (adapter.top1 !== null) {
    const loss = adapter.loss === null ? '' : `, loss ${formatNumber(adapter.loss)}`;
    pairs.push(['validation', `top-1 ${formatPercent(adapter.top1)}${loss}`]);
  }
  for (const { split, task, evaluation, createdAt } of evaluations) {
    const metric = decisiveMetric(taskSpec(task));
    const value = formatMetric(metric, measuredValue(evaluation, metric.key));
    pairs.push([
      'evaluated',
      `${metric.title} ${value} on ${counted(evaluation.n, `${split} image`)}, ${formatMoment(createdAt)}`,
    ]);
  }
  if (parent !== null) pairs.push(['started from', describeParent(parent)]);
  pairs.push(
    ['tags', adapter.tags.length === 0 ? 'none' : adapter.tags.join(', ')],
    ['from', adapter.runId === null ? 'imported' : `run ${adapter.runId}`],
    ['folder', adapter.folder],
    ['created', formatMoment(adapter.createdAt)],
  );
  return facts(pairs, console.dim);
}

/** The adapter whose weights a run started from: "leaves-karst (ad-…)". */
function describeParent({ id, name, inLibrary }: ParentAdapter): string {
  if (inLibrary) return `${name ?? ''} (${id})`;
  return name === null
    ? `an adapter that was deleted (${id})`
    : `${name} (${id}), which is in the bin`;
}
