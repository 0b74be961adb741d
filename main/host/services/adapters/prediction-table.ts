import { join, relative, sep } from 'node:path';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import type { Prediction } from '../../../../shared/domain/metrics.ts';
import type { TopRow } from '../../contract/adapters.ts';
import { csvLine } from '../../../formats/csv-line.ts';
import { writeFileAtomic } from '../../../formats/files.ts';
import { imagesBelow, type Walk } from '../datasets/walk.ts';
import { CHOOSE_IMAGES, noImageIn, unreadableEntry } from '../folder-names.ts';

/** Rows per write. */
const BATCH = 500;

/** A row: one file of the folder. */
export interface TableRow {
  readonly path: string;
  readonly answer:
    { readonly predictions: readonly Prediction[] } | { readonly error: ErrorReport };
}

export interface FolderImages {
  /** Sorted by path. */
  readonly paths: readonly string[];
  /** Unreadable folders and names, as rows, so that their content is not skipped silently. */
  readonly unreadable: readonly TableRow[];
}

/**
 * The image files in a folder and the folders within it.
 * @throws not-found when there is none; not-readable for the folder itself
 */
export async function imageFilesBelow(
  folder: string,
  signal: AbortSignal | undefined,
  onFile: (found: number) => void,
): Promise<FolderImages> {
  const paths: string[] = [];
  const walk: Walk = {
    problems: [],
    seen: new Set(),
    signal,
    onFile: () => onFile(paths.length + 1),
  };
  for await (const path of imagesBelow(folder, walk)) paths.push(path);
  const unreadable = walk.problems.flatMap(({ kind, path, reason }): TableRow[] =>
    kind === 'unreadable' ? [{ path, answer: { error: unreadableEntry(path, reason) } }] : [],
  );
  if (paths.length > 0) return { paths, unreadable };
  const [first] = unreadable;
  if (first === undefined) throw noImageIn(folder);
  throw new KarstError(
    'not-found',
    `There is no image in ${folder} that can be read: ${first.path} is skipped.`,
    { hint: CHOOSE_IMAGES, path: folder },
  );
}

/**
 * Writes predictions as a table (CSV as in RFC 4180, UTF-8): the file, then label and probability
 * of each prediction, the likeliest first, then why there is none.
 * @param folder that files are named relative to; null: files are named by the given paths
 * @param top predictions a row
 * @throws name-taken, not-writable; leaves no partial file
 */
export async function writePredictionTable(
  out: string,
  folder: string | null,
  rows: readonly TableRow[],
  top: number,
): Promise<void> {
  const ranks = Array.from({ length: top }, (_, i) => i + 1);
  const header = ranks.flatMap((rank) => [`prediction ${rank}`, `probability ${rank}`]);
  await writeFileAtomic(
    out,
    async (append) => {
      await append(Buffer.from(csvLine(['file', ...header, 'error'])));
      for (let begin = 0; begin < rows.length; begin += BATCH) {
        const text = rows
          .slice(begin, begin + BATCH)
          .map((row) => csvLine(cellsOf(row, folder, top)));
        await append(Buffer.from(text.join('')));
      }
    },
    { replace: false },
  );
}

/** The likeliest class of a row. */
export function topOf({ path, answer }: TableRow, folder: string): TopRow {
  const first = 'error' in answer ? undefined : answer.predictions[0];
  return {
    file: fileOf(path, folder),
    label: first?.label ?? null,
    probability: first?.probability ?? null,
  };
}

function fileOf(path: string, folder: string | null): string {
  return folder === null ? path : relative(folder, path).replaceAll(sep, '/');
}

function cellsOf({ path, answer }: TableRow, folder: string | null, top: number): string[] {
  const file = fileOf(path, folder);
  if ('error' in answer)
    return [file, ...new Array<string>(2 * top).fill(''), reasonWithout(answer.error, folder)];
  const cells = answer.predictions.flatMap(({ label, probability }) => [
    label,
    probability.toFixed(6),
  ]);
  return [file, ...cells, ''];
}

/** The message, naming the file as in the first column. */
function reasonWithout({ message }: ErrorReport, folder: string | null): string {
  return folder === null ? message : message.replaceAll(join(folder, sep), '');
}
