import type { PredictionRow } from '../../../shared/domain/library.ts';
import { withStudio, type CommandContext } from '../context.ts';
import type { Console } from '../output/console.ts';
import { formatPercent } from '../output/format.ts';
import { progressView } from '../output/progress.ts';
import { table } from '../output/table.ts';

/**
 * `--json`: `[{"path","predictions":[{"label","probability"}]}]`, or `{"path","error"}` for a file that can't
 * be read. Fails when not one could be read.
 */
export async function run(
  context: CommandContext,
  name: string,
  paths: readonly string[],
  options: { top: number },
): Promise<number> {
  const { console } = context;
  const view = progressView(console);
  const rows = await withStudio(context, async (studio, signal) => {
    try {
      return await studio.adapters.predict(name, {
        paths,
        top: options.top,
        signal,
        onProgress: view.host,
        // What cannot be read is said once, in its own row.
        onEvent: (event) => {
          if (event.type !== 'unreadable') view.engine(event);
        },
      });
    } finally {
      view.stop();
    }
  });
  console.answer(rows, () => rows.flatMap((row) => describeRow(row, console)));
  return rows.every((row) => 'error' in row) ? 1 : 0;
}

function describeRow(row: PredictionRow, console: Console): string[] {
  if ('error' in row) return [row.path, `  ${console.paint('red', row.error.message)}`];
  const lines = table(
    [{ title: '' }, { title: '', align: 'right' }],
    row.predictions.map(({ label, probability }, rank) => [
      rank === 0 ? console.bold(label) : label,
      formatPercent(probability),
    ]),
  );
  return [row.path, ...lines.slice(1).map((line) => `  ${line}`)];
}
