import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import type { Split } from '../../../../shared/domain/dataset.ts';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { readError } from '../../../formats/files.ts';
import { statOf, throwIfCancelled } from '../paths.ts';
import { splitNamed, toListing, type Listing, type NamedImage } from './listing.ts';
import type { Walk } from './walk.ts';

/** Tables with the columns `file_name`, `label` and, if wanted, `split`: CSV, JSON lines, or one JSON array. */
const ENDINGS = ['.csv', '.tsv', '.jsonl', '.ndjson', '.json'];
/** A JSON array is parsed as a whole. */
const JSON_LIMIT = 256 * 1024 * 1024;

export function isTable(name: string): boolean {
  return ENDINGS.includes(extname(name).toLowerCase());
}

type Record_ = Readonly<Record<string, unknown>>;
/** A row with its line, or why there is none. */
type Read = { line: number; record: Record_ } | { line: number; reason: string };

async function* readCsv(path: string): AsyncGenerator<Read> {
  const parser = createReadStream(path).pipe(
    parse({
      bom: true,
      columns: true,
      delimiter: extname(path).toLowerCase() === '.tsv' ? '\t' : [',', ';'],
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
      max_record_size: 1024 * 1024,
    }),
  );
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record_;
      info: { lines: number };
    }>)
      yield { line: info.lines, record };
  } catch (error) {
    const { code } = error as { code?: string };
    if (!code?.startsWith('CSV_')) throw readError(path, error);
    throw new KarstError(
      'file-damaged',
      `${path} is not a well-formed table: ${(error as Error).message}.`,
      {
        hint: 'Correct the table; its first line names the columns file_name,label[,split].',
        path,
        cause: error,
      },
    );
  }
}

function isRecord(value: unknown): value is Record_ {
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

async function* readJsonLines(path: string): AsyncGenerator<Read> {
  let line = 0;
  try {
    for await (const content of createInterface({ input: createReadStream(path, 'utf8') })) {
      line++;
      const text = content.replace(/^\uFEFF/, '').trim();
      if (text === '') continue;
      const record = parseJson(text);
      yield isRecord(record)
        ? { line, record }
        : { line, reason: `Line ${line} is not a JSON object.` };
    }
  } catch (error) {
    throw readError(path, error);
  }
}

async function* readJson(path: string): AsyncGenerator<Read> {
  if ((await statOf(path)).size > JSON_LIMIT)
    throw new KarstError('format-unsupported', `${path} is too long for a JSON array.`, {
      hint: 'Write one JSON object a line, in a file that ends in .jsonl.',
      path,
    });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw readError(path, error);
  }
  const value = parseJson(text.replace(/^\uFEFF/, ''));
  if (!Array.isArray(value)) {
    // Files of JSON lines often end in .json.
    yield* readJsonLines(path);
    return;
  }
  for (const [i, record] of value.entries())
    yield isRecord(record)
      ? { line: i + 1, record }
      : { line: i + 1, reason: `Entry ${i + 1} is not an object.` };
}

const FILE_COLUMNS = ['file_name', 'filename', 'file', 'path', 'image'];
const LABEL_COLUMNS = ['label', 'class', 'class_name', 'category'];

function valueOf(record: Record_, columns: readonly string[]): string | null {
  for (const column of columns) {
    const value = record[column];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return null;
}

/** A row as an image, or the sentence why it is none. */
function toImage(record: Record_, root: string, line: number): NamedImage | string {
  const file = valueOf(record, FILE_COLUMNS);
  const label = valueOf(record, LABEL_COLUMNS);
  if (file === null) return `Line ${line} names no file (column file_name).`;
  if (label === null) return `Line ${line} names no class (column label).`;
  const word = valueOf(record, ['split']);
  const split: Split | null = word === null ? null : splitNamed(word);
  if (word !== null && split === null)
    return `Line ${line} names the split "${word}"; there are train, val and test.`;
  return { path: resolve(root, file), className: label.normalize('NFC'), split };
}

export async function listTable(path: string, walk: Walk): Promise<Listing> {
  const ending = extname(path).toLowerCase();
  const rows =
    ending === '.csv' || ending === '.tsv'
      ? readCsv(path)
      : ending === '.json'
        ? readJson(path)
        : readJsonLines(path);
  const images: NamedImage[] = [];
  const badLine = (line: number, reason: string): void => {
    walk.problems.push({ kind: 'bad-line', path, line, reason });
  };
  for await (const row of rows) {
    throwIfCancelled(walk.signal, 'The import');
    if ('reason' in row) {
      badLine(row.line, row.reason);
      continue;
    }
    const image = toImage(row.record, dirname(path), row.line);
    if (typeof image === 'string') badLine(row.line, image);
    else {
      walk.onFile?.();
      images.push(image);
    }
  }
  return toListing('table', images, walk.problems, true);
}
