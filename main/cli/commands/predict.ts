import type { PredictionRow } from '../../../shared/domain/library.ts';
import type { CommandContext } from '../context.ts';
import type { Console } from '../output/console.ts';
import { DONE, FAILED, PARTLY } from '../exit-codes.ts';
import { formatPercent } from '../output/format.ts';
import { table } from '../output/table.ts';
import { withWatchedStudio } from '../watched.ts';

/**
 * `--json`: `[{"path","predictions":[{"label","probability"}]}]`, or `{"path","error"}` for a file that can't
 * be read and for a folder without images. Exits with 1 when not one could be read, with 3 when some could not.
 */
export async function run(
  context: CommandContext,
  name: string,
  paths: readonly string[],
  options: { top: number },
): Promise<number> {
  const { console } = context;
  const rows = await withWatchedStudio(context, (studio, watching) =>
    studio.predictions.ofPaths(name, {
      ...watching,
      paths,
      top: options.top,
      // What cannot be read is said once, in its own row.
      onEvent: (event) => {
        if (event.type !== 'unreadable') watching.onEvent(event);
      },
    }),
  );
  console.answer(rows, () => rows.flatMap((row) => describeRow(row, console)));
  const unread = rows.filter((row) => 'error' in row).length;
  if (unread === rows.length) return FAILED;
  return unread === 0 ? DONE : PARTLY;
}

function describeRow(row: PredictionRow, console: Console): string[] {
  if ('error' in row) {
    const { message, hint } = row.error;
    return [row.path, `  ${console.paint('red', message)}${hint === '' ? '' : ` ${hint}`}`];
  }
  const lines = table(
    [{ title: '' }, { title: '', align: 'right' }],
    row.predictions.map(({ label, probability }, rank) => [
      rank === 0 ? console.bold(label) : label,
      formatPercent(probability),
    ]),
  );
  return [row.path, ...lines.slice(1).map((line) => `  ${line}`)];
}
