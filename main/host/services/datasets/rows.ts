import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { statOf } from '../paths.ts';
import { columnsOf, type Columns } from './columns.ts';
import { linesOf, LONGEST_LINE, textOf, type TextOptions } from './text.ts';

/** The relevant cells of a row; null if it has none. */
export interface Row {
  readonly line: number;
  readonly file: string | null;
  readonly label: string | null;
  readonly split: string | null;
}
/** An invalid row, with the reason. */
export interface BadRow {
  readonly line: number;
  readonly reason: string;
}

const DELIMITERS = [',', ';', '\t', '|'];
const ENDINGS = ['.csv', '.tsv', '.jsonl', '.ndjson', '.json'];
/** A JSON array is parsed as a whole. */
const JSON_LIMIT = 256 * 1024 * 1024;
const CSV = {
  bom: true,
  trim: true,
  skip_empty_lines: true,
  relax_column_count: true,
  // A quote inside a field may be an inch sign and is allowed.
  relax_quotes: true,
} as const;

export function isTable(name: string): boolean {
  return ENDINGS.includes(extname(name).toLowerCase());
}

/** The rows of a CSV, JSON-lines or JSON file. @throws dataset-unusable, file-damaged, format-unsupported */
export function rowsOf(path: string, options: TextOptions): AsyncGenerator<Row | BadRow> {
  const ending = extname(path).toLowerCase();
  if (ending === '.json') return readJson(path, options);
  return ending === '.jsonl' || ending === '.ndjson'
    ? readJsonLines(path, options)
    : readCsv(path, options);
}

/** Whether a table has the required columns. @throws as `rowsOf`, except for missing columns */
export async function hasColumns(path: string, options: TextOptions): Promise<boolean> {
  const rows = rowsOf(path, options);
  try {
    await rows.next();
    return true;
  } catch (error) {
    if (error instanceof WrongColumns) return false;
    throw error;
  } finally {
    await rows.return(undefined);
  }
}

/** The file in the first valid row of a table; null if there is none. @throws as `rowsOf` */
export async function firstFileOf(path: string, options: TextOptions): Promise<string | null> {
  for await (const row of rowsOf(path, options))
    if ('file' in row && row.file !== null) return row.file;
  return null;
}

class WrongColumns extends KarstError {}

function wrongColumns(path: string, found: readonly string[]): KarstError {
  const names = found.slice(0, 20).map((name) => `"${name.slice(0, 60)}"`);
  return new WrongColumns(
    'dataset-unusable',
    `${path} has the columns ${names.join(', ') || 'of an empty line'}, of which at most one is known.`,
    {
      hint: 'Two are needed: the file of the image (file_name, also path or image) and its class (label, also class or category); split may be train, val or test.',
      path,
    },
  );
}

const damaged = (path: string, reason: string, cause?: unknown): KarstError =>
  new KarstError('file-damaged', `${path} is not a well-formed table: ${reason}.`, {
    hint: 'Correct the table; its first line names the columns file_name,label[,split].',
    path,
    cause,
  });

function headerOf(line: string, delimiter: string): readonly string[] {
  const rows: unknown = parseAtOnce(line, { ...CSV, delimiter });
  return (rows as readonly (readonly string[])[])[0] ?? [];
}

/** The separator of a table, determined by its first line. */
async function dialectOf(
  path: string,
  options: TextOptions,
): Promise<{ delimiter: string; width: number; columns: Columns }> {
  let first: string | null = '';
  for await (const { text } of linesOf(path, options)) {
    first = text;
    break;
  }
  if (first === null) throw damaged(path, `its first line is longer than ${LONGEST_LINE} letters`);
  let widest: readonly string[] = [];
  for (const delimiter of DELIMITERS) {
    let header: readonly string[];
    try {
      header = headerOf(first, delimiter);
    } catch (error) {
      throw damaged(path, (error as Error).message, error);
    }
    const columns = columnsOf(header);
    if (columns !== null) return { delimiter, width: header.length, columns };
    if (header.length > widest.length) widest = header;
  }
  throw wrongColumns(path, widest);
}

async function* readCsv(path: string, options: TextOptions): AsyncGenerator<Row | BadRow> {
  const { delimiter, width, columns } = await dialectOf(path, options);
  const records = Readable.from(textOf(path, options), { objectMode: false }).compose(
    parse({ ...CSV, delimiter, info: true, max_record_size: LONGEST_LINE }),
  ) as AsyncIterable<{ record: readonly string[]; info: { lines: number } }>;
  let isHeader = true;
  let last = 0;
  try {
    for await (const { record, info } of records) {
      const line = info.lines;
      if (isHeader) isHeader = false;
      else yield toRow(record, { line, width, columns });
      last = line;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw damaged(path, `${error.message} (after line ${last})`, error);
  }
}

function toRow(
  cells: readonly string[],
  at: { line: number; width: number; columns: Columns },
): Row | BadRow {
  const { line, width, columns } = at;
  if (cells.length > width)
    return {
      line,
      reason: `Line ${line} has ${cells.length} fields and the first line ${width}: quote fields that contain the separator.`,
    };
  const cell = (column: number | null): string | null =>
    column === null ? null : textIn(cells[column]);
  const row = {
    line,
    file: cell(columns.file),
    label: cell(columns.label),
    split: cell(columns.split),
  };
  if (/[\r\n]/.test(`${row.file ?? ''}${row.label ?? ''}`))
    return {
      line,
      reason: `The row that ends in line ${line} begins with a quote before and holds several lines.`,
    };
  return row;
}

/** A value as text, null for none. */
function textIn(value: unknown): string | null {
  if (typeof value === 'string') return value.trim() || null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Rows of JSON objects: the first with the required columns determines their names. */
class ObjectRows {
  #names: { file: string; label: string; split: string | null } | null = null;
  #firstKeys: readonly string[] | null = null;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  row(value: unknown, line: number): Row | BadRow {
    if (!isObject(value)) return { line, reason: `Line ${line} is not a JSON object.` };
    const keys = Object.keys(value);
    this.#firstKeys ??= keys;
    if (this.#names === null) {
      const columns = columnsOf(keys);
      if (columns !== null) {
        const name = (column: number): string => keys[column] ?? '';
        this.#names = {
          file: name(columns.file),
          label: name(columns.label),
          split: columns.split === null ? null : name(columns.split),
        };
      }
    }
    const cell = (key: string | null): string | null =>
      key !== null && Object.hasOwn(value, key) ? textIn(value[key]) : null;
    const names = this.#names ?? { file: 'file_name', label: 'label', split: null };
    // The first rows may lack the split.
    const split = names.split ?? (Object.hasOwn(value, 'split') ? 'split' : null);
    return { line, file: cell(names.file), label: cell(names.label), split: cell(split) };
  }

  /** @throws dataset-unusable when no object had the columns */
  finish(): void {
    if (this.#names === null && this.#firstKeys !== null)
      throw wrongColumns(this.#path, this.#firstKeys);
  }
}

async function* readJsonLines(path: string, options: TextOptions): AsyncGenerator<Row | BadRow> {
  const rows = new ObjectRows(path);
  for await (const { number, text } of linesOf(path, options))
    yield text === null
      ? { line: number, reason: `Line ${number} is longer than ${LONGEST_LINE} letters.` }
      : rows.row(parseJson(text), number);
  rows.finish();
}

async function* readJson(path: string, options: TextOptions): AsyncGenerator<Row | BadRow> {
  if ((await statOf(path)).size > JSON_LIMIT)
    throw new KarstError('format-unsupported', `${path} is too long for a JSON array.`, {
      hint: 'Write one JSON object a line, in a file that ends in .jsonl.',
      path,
    });
  const pieces: string[] = [];
  for await (const piece of textOf(path, options)) pieces.push(piece);
  const value = parseJson(pieces.join(''));
  if (!Array.isArray(value)) {
    // Files of JSON lines often end in .json.
    yield* readJsonLines(path, options);
    return;
  }
  const rows = new ObjectRows(path);
  for (const [i, entry] of value.entries()) {
    const row = rows.row(entry, i + 1);
    yield 'reason' in row ? { ...row, reason: `Entry ${i + 1} is not a JSON object.` } : row;
  }
  rows.finish();
}
