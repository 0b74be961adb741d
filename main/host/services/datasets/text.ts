import { TextDecoder } from 'node:util';
import { KarstError } from '../../../../shared/domain/errors.ts';
import { openFile, readError } from '../../../formats/files.ts';
import { throwIfCancelled } from '../paths.ts';
import { EncodingQuestion } from './question.ts';

/** Options for reading the text of lists and tables. */
export interface TextOptions {
  /** Encoding of a file without a byte order mark, by its WHATWG label; default UTF-8. */
  readonly encoding?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Longest accepted line, row or value, in UTF-16 units. */
export const LONGEST_LINE = 2 ** 20;

/** @throws usage for an unknown encoding */
export function checkEncoding(name: string): string {
  try {
    return new TextDecoder(name).encoding;
  } catch {
    throw new KarstError('usage', `Unknown encoding: "${name}".`, {
      hint: 'Examples: utf-8, windows-1252, windows-1251, gbk, big5, shift_jis and euc-kr.',
    });
  }
}

/** The first bytes of a file. @throws not-found, not-readable */
async function headOf(path: string, length: number): Promise<Buffer> {
  const head = Buffer.alloc(length);
  try {
    const file = await openFile(path);
    try {
      const { bytesRead } = await file.read(head, 0, length, 0);
      return head.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

function encodingOf(head: Buffer, wanted: string | undefined): string {
  // A byte order mark is more reliable than any setting.
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return checkEncoding(wanted ?? 'utf-8');
}

/** The first lines of a file that may not be a list, to find out: nothing is refused. */
export async function firstLinesOf(
  path: string,
  most: number,
  options: TextOptions,
): Promise<string[]> {
  const head = await headOf(path, 64 * 1024);
  const text = new TextDecoder(encodingOf(head, options.encoding)).decode(head);
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, most);
}

async function* decoded(
  path: string,
  decoder: TextDecoder,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  try {
    const file = await openFile(path);
    for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
      throwIfCancelled(signal, 'The import');
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw readError(path, error);
  }
}

/** The line of the first invalid character, from 1. */
async function firstBadLine(path: string, encoding: string): Promise<number> {
  let line = 1;
  for await (const text of decoded(path, new TextDecoder(encoding), undefined)) {
    const bad = /[\0\uFFFD]/.exec(text);
    const before = bad === null ? text : text.slice(0, bad.index);
    line += before.match(/\r\n|[\n\r]/g)?.length ?? 0;
    if (bad !== null) return line;
  }
  return line;
}

/**
 * The text of a file, in chunks and without its byte order mark. Invalid bytes are never replaced,
 * since classes that differ only in them would become one.
 * @throws dataset-unusable naming the line and asking for the encoding; not-found, not-readable,
 * cancelled
 */
export async function* textOf(path: string, options: TextOptions): AsyncGenerator<string> {
  const encoding = encodingOf(await headOf(path, 3), options.encoding);
  const refuse = async (): Promise<never> => {
    throw new EncodingQuestion(path, encoding, await firstBadLine(path, encoding));
  };
  try {
    for await (const text of decoded(
      path,
      new TextDecoder(encoding, { fatal: true }),
      options.signal,
    )) {
      // UTF-16 without a mark is valid UTF-8 with a NUL beside every letter.
      if (text.includes('\0')) await refuse();
      yield text;
    }
  } catch (error) {
    if (error instanceof TypeError) await refuse();
    throw error;
  }
}

export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Trimmed; null if it is too long. */
  readonly text: string | null;
}

/** The non-blank lines of a text. An endless line is never held in memory as a whole. */
export async function* linesOf(path: string, options: TextOptions): AsyncGenerator<TextLine> {
  let number = 0;
  let rest = '';
  let tooLong = false;
  let endedInReturn = false;
  const add = (text: string): void => {
    tooLong ||= rest.length + text.length > LONGEST_LINE;
    rest = tooLong ? '' : rest + text;
  };
  const finish = (): TextLine | null => {
    number++;
    const line = { number, text: tooLong ? null : rest.trim() };
    rest = '';
    tooLong = false;
    return line.text === '' ? null : line;
  };
  for await (const piece of textOf(path, options)) {
    // A carriage return at the end of a chunk and a line feed at the start of the next are one line
    // break.
    const text = endedInReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') endedInReturn = piece.endsWith('\r');
    const parts = text.split(/\r\n|[\n\r]/);
    const last = parts.pop() ?? '';
    for (const part of parts) {
      add(part);
      const line = finish();
      if (line !== null) yield line;
    }
    add(last);
  }
  const line = finish();
  if (line !== null) yield line;
}
