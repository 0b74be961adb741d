import { styleText } from 'node:util';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { forTerminal, ownColours, printable } from './printable.ts';

type Format = Parameters<typeof styleText>[0];

/** The part of a stream that the command line uses; tests pass their own. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/**
 * The two streams of a command. Standard output carries the answer (text, or under `--json` one document or
 * one object a line), standard error everything else. JSON is exact; in lines for people, controls in names are
 * written out. Colours follow the stream they go to: none without a
 * terminal, none under NO_COLOR, always under FORCE_COLOR (node:util's styleText knows these rules).
 */
export class Console {
  readonly json: boolean;
  readonly out: Sink;
  readonly error: Sink;

  constructor(options: { json: boolean; out?: Sink; error?: Sink }) {
    this.json = options.json;
    this.out = options.out ?? process.stdout;
    this.error = options.error ?? process.stderr;
  }

  /** The command's answer: `document` under `--json`, the lines of `text()` otherwise. */
  answer(document: unknown, text: () => readonly string[]): void {
    if (this.json) this.out.write(`${JSON.stringify(document)}\n`);
    else for (const line of text()) writeLine(this.out, line);
  }

  /** One object of a `--json` stream; nothing without `--json`. */
  emit(event: object): void {
    if (this.json) this.out.write(`${JSON.stringify(event)}\n`);
  }

  /** Text for people on standard output; nothing under `--json`. */
  say(...lines: readonly string[]): void {
    if (!this.json) for (const line of lines) writeLine(this.out, line);
  }

  /** A note on standard error. */
  note(message: string): void {
    writeLine(this.error, message);
  }

  warn(message: string): void {
    writeLine(this.error, `${paint(this.error, 'yellow', 'warning:')} ${message}`);
  }

  /** An error: the report on standard output under `--json`, sentence and hint on standard error otherwise. */
  fail({ option, ...rest }: ErrorReport): void {
    const report = option === undefined ? rest : { ...rest, hint: `${rest.hint} (${option})` };
    if (this.json) {
      this.out.write(`${JSON.stringify({ error: report })}\n`);
      return;
    }
    // What the user ended has not failed, though it did not do what was asked.
    const ended = report.code === 'cancelled';
    const prefix = ended ? '' : `${paint(this.error, ['red', 'bold'], 'error:')} `;
    writeLine(this.error, prefix + report.message);
    if (report.path !== undefined && !report.message.includes(report.path)) {
      writeLine(this.error, `  ${report.path}`);
    }
    if (report.hint !== '')
      writeLine(this.error, `${paint(this.error, 'cyan', 'hint:')}  ${report.hint}`);
  }

  /** Colours text for standard output. */
  paint(format: Format, text: string): string {
    return paint(this.out, format, text);
  }

  readonly dim = (text: string): string => this.paint('dim', text);
  readonly bold = (text: string): string => this.paint('bold', text);
}

/** Text for people, one line. */
export function writeLine(sink: Sink, line: string): void {
  sink.write(`${forTerminal(line)}\n`);
}

/** Text in a colour where `sink` is a real stream that takes colours, plain text otherwise; for `writeLine`. */
export function paint(sink: Sink, format: Format, text: string): string {
  const stream = [process.stdout, process.stderr].find((one) => one === sink);
  return stream === undefined ? text : ownColours(styleText(format, printable(text), { stream }));
}
