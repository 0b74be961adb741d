import { counted } from '../../../shared/domain/counted.ts';
import type { PredictionRow } from '../../../shared/domain/library.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { Predictor } from '../../../shared/domain/predictor.ts';
import type { CommandContext } from '../context.ts';
import type { Console } from '../output/console.ts';
import { DONE, FAILED, PARTLY } from '../exit-codes.ts';
import { formatCount, formatPercent } from '../output/format.ts';
import { table } from '../output/table.ts';
import { withWatchedStudio } from '../watched.ts';

type PredictedRow = Extract<PredictionRow, { predictions: unknown }>;

/**
 * `--json`: `[{"path","predictions":[{"label","probability"}]}]`, or `{"path","error"}` for an
 * unreadable file or a folder without images. `--csv` also writes the rows to a file. Exit code 1
 * if no file could be read, 3 if some could not.
 */
export async function run(
  context: CommandContext,
  first: string | undefined,
  others: readonly string[],
  options: { top: number; csv?: string; backbone?: string },
): Promise<number> {
  const { console } = context;
  const { backbone } = options;
  const words = first === undefined ? [] : [first, ...others];
  const model: Predictor =
    backbone === undefined
      ? { kind: 'adapter', id: first ?? '' }
      : { kind: 'backbone', id: backbone };
  const paths = backbone === undefined ? words.slice(1) : words;
  if (paths.length === 0)
    throw new KarstError(
      'usage',
      `Missing required argument '${first === undefined && backbone === undefined ? 'adapter' : 'paths'}'.`,
      { hint: '`karst predict --help` shows the usage.' },
    );
  const rows = await withWatchedStudio(context, (studio, watching) =>
    studio.predictions.ofPaths(model, {
      ...watching,
      paths,
      top: options.top,
      ...(options.csv === undefined ? {} : { out: options.csv }),
      // An unreadable file is reported once, in its row.
      onEvent: (event) => {
        if (event.type !== 'unreadable') watching.onEvent(event);
      },
    }),
  );
  const unread = rows.filter((row) => 'error' in row).length;
  // JSON and the table have them in their rows.
  if (!console.json && options.csv === undefined)
    for (const row of rows)
      if ('error' in row) console.warn(`${row.error.message} ${row.error.hint}`.trim());
  console.answer(rows, () =>
    options.csv === undefined
      ? rows.flatMap((row) => ('error' in row ? [] : describeRow(row, console)))
      : [
          `Wrote predictions for ${counted(rows.length - unread, 'image')} to ${options.csv}`,
          ...notRead(unread),
        ],
  );
  if (unread === rows.length) return FAILED;
  return unread === 0 ? DONE : PARTLY;
}

function notRead(unread: number): string[] {
  return unread === 0 ? [] : [`${formatCount(unread)} could not be read: see the column "error".`];
}

function describeRow(row: PredictedRow, console: Console): string[] {
  const lines = table(
    [{ title: '' }, { title: '', align: 'right' }],
    row.predictions.map(({ label, probability }, rank) => [
      rank === 0 ? console.bold(label) : label,
      formatPercent(probability),
    ]),
  );
  return [row.path, ...lines.slice(1).map((line) => `  ${line}`)];
}
