import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { csvLine } from '../../formats/csv-line.ts';
import { withStudio, type CommandContext } from '../context.ts';

const COLUMNS = [
  'kind',
  'step',
  'epoch',
  'loss',
  'top1',
  'learningRate',
  'gradientNorm',
  'imagesPerSecond',
  'waiting',
  'best',
] as const satisfies readonly (keyof (MetricRecord & { kind: 'train' }) | 'best')[];

/**
 * One JSON object per line, as in `metrics.jsonl`; with `--csv` a table; with `--json` an array.
 */
export async function run(
  context: CommandContext,
  name: string,
  options: { csv?: boolean },
): Promise<void> {
  const { console } = context;
  const records = await withStudio(context, async ({ runs }) => runs.metrics(runs.get(name).id));
  console.answer(records, () =>
    options.csv === true ? table(records) : records.map((record) => JSON.stringify(record)),
  );
}

type Cell = string | number | boolean;

/** Returns one line per record; a task's own metrics follow the common columns. */
function table(records: readonly MetricRecord[]): string[] {
  const rows = records.map((record): Readonly<Record<string, Cell>> => {
    if (record.kind === 'train') return record;
    const { metrics = {}, ...common } = record;
    return { ...common, ...metrics };
  });
  const columns = [...new Set<string>([...COLUMNS, ...rows.flatMap((row) => Object.keys(row))])];
  const lines = rows.map((row) => columns.map((column) => String(row[column] ?? '')));
  return [columns, ...lines].map((cells) => csvLine(cells).trimEnd());
}
