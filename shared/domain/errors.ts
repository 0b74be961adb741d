import type { ErrorCode, ErrorReport } from './error-report.ts';

export class KarstError extends Error {
  override readonly name = 'KarstError';
  readonly code: ErrorCode;
  /** The remedy, one sentence. */
  readonly hint: string;
  readonly path: string | undefined;
  /** Name of the library entry that it is about. */
  readonly entry: string | undefined;
  /** Name of the hint's subject on the command line. */
  readonly option: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      hint?: string;
      path?: string;
      entry?: string;
      option?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? '';
    this.path = options.path;
    this.entry = options.entry;
    this.option = options.option;
  }

  toReport(): ErrorReport {
    const report = { code: this.code, message: this.message, hint: this.hint };
    return {
      ...report,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.entry === undefined ? {} : { entry: this.entry }),
      ...(this.option === undefined ? {} : { option: this.option }),
    };
  }

  static fromReport(report: ErrorReport): KarstError {
    const { code, message, ...rest } = report;
    return new KarstError(code, message, rest);
  }
}

const SYSTEM_CODES: Record<string, ErrorCode> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'not-readable',
  EPERM: 'not-readable',
  EISDIR: 'not-readable',
  EIO: 'not-readable',
  EMFILE: 'not-readable',
  ENOSPC: 'not-writable',
  EROFS: 'not-writable',
  EDQUOT: 'not-writable',
};

const SYSTEM_HINTS: Partial<Record<ErrorCode, string>> = {
  'not-found': 'Check the path.',
  'not-readable': 'Check that your account may open it and that the disk works.',
  'not-writable': 'Free some space or choose a folder that you may write to.',
};

/**
 * Converts anything thrown to a report; unknown errors become `internal` and keep their message.
 */
export function toErrorReport(error: unknown): ErrorReport {
  if (error instanceof KarstError) return error.toReport();
  if (error instanceof Error) {
    const { code: systemCode, path } = error as NodeJS.ErrnoException;
    const code = systemCode === undefined ? undefined : SYSTEM_CODES[systemCode];
    if (code !== undefined) {
      const report = { code, message: error.message, hint: SYSTEM_HINTS[code] ?? '' };
      return path === undefined ? report : { ...report, path };
    }
  }
  return {
    code: 'internal',
    message: error instanceof Error ? error.message : String(error),
    hint: 'This is a fault in KARST Studio: please report it with the log.',
  };
}
