import type { Run } from '../../../shared/domain/library.ts';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { taskSpec } from '../../../shared/tasks/registry.ts';
import { decisiveMetric } from '../../../shared/tasks/task.ts';
import { ADVICE_WORDS } from '../../../shared/training/advice-words.ts';
import { adviseRun, type Advice, type Figure } from '../../../shared/training/run-advice.ts';
import { SETTINGS } from '../../../shared/training/settings.ts';
import { advice as command, type CommandContext } from '../context.ts';
import { formatCount, formatPercent } from '../output/format.ts';

/** What a run's curves mean and what to try. `text` is the finding with its remedy. */
export interface ToldAdvice {
  readonly kind: Advice['kind'];
  readonly text: string;
}

export function adviceOn(
  run: Run,
  records: readonly MetricRecord[],
  context: CommandContext,
): ToldAdvice[] {
  if (decisiveMetric(taskSpec(run.task)).key !== 'top1') return [];
  const train = records.filter((record) => record.kind === 'train');
  const found = adviseRun(
    { ...run, ended: run.state === 'done' || run.state === 'stopped' },
    {
      train: {
        epoch: train.map(({ epoch }) => epoch),
        loss: train.map(({ loss }) => loss),
        top1: train.map(({ top1 }) => top1),
      },
      validations: records.filter((record) => record.kind === 'validation'),
    },
  );
  return found.map((one) => ({ kind: one.kind, text: textOf(one, run, context) }));
}

/** Closing lines of a run, after an empty one; none without advice. */
export function adviceLines(advice: readonly ToldAdvice[]): string[] {
  return advice.length === 0 ? [] : ['', ...advice.map(({ text }) => text)];
}

function textOf(advice: Advice, run: Run, context: CommandContext): string {
  const { finding, remedy } = ADVICE_WORDS;
  const sentences = `${finding[advice.kind]} ${remedy[advice.remedy]}`.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => written(advice.figures[name]),
  );
  const how = howTo(advice, run, context);
  return how === '' ? sentences : `${sentences} (${how})`;
}

function written(figure: Figure | undefined): string {
  if (figure === undefined) throw new TypeError('A sentence has a figure that its advice lacks.');
  const { value, as } = figure;
  if (as === 'percent') return formatPercent(value);
  return as === 'count' ? formatCount(value) : String(value);
}

/** The options or the command that does it. */
function howTo({ remedy, changes, figures }: Advice, run: Run, context: CommandContext): string {
  if (remedy === 'extend') {
    return command(context, 'runs', 'extend', run.name, '--epochs', written(figures['more']));
  }
  return changes
    .map(({ key, value }) => `--set ${SETTINGS[key].shortNames[0] ?? key}=${String(value)}`)
    .join(' ');
}
