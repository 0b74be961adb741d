/**
 * The closed set of things that can go wrong for a user. A code is stable: scripts match on it.
 * Every error carries a sentence that names the file or thing, the reason, and (hint) the way out.
 */
export const ERROR_CODES = [
  'usage', // wrong command line or setting
  'not-found', // no file, folder or library entry of that name
  'ambiguous-name', // a name that fits several library entries
  'name-taken', // a name that another library entry has
  'in-use', // cannot be removed while something depends on it
  'not-readable', // the file system refuses to read
  'not-writable', // the file system refuses to write, or the disk is full
  'file-damaged', // truncated, corrupt, checksum differs
  'file-changed', // no longer the file that was imported (sha256 differs)
  'format-unsupported', // a format that is recognised but not taken
  'format-unknown', // not recognised at all
  'heads-unknown', // the number of attention heads of a backbone is not said, or cannot be
  'not-available', // planned, but not in this version
  'backbone-mismatch', // adapter or run made for another backbone
  'dataset-unusable', // too few images or classes
  'config-invalid', // a hyperparameter out of its limits
  'run-state', // the run is not in a state that allows this
  'checkpoint-invalid', // no checkpoint verifies
  'verification-failed', // merged or exported model differs beyond tolerance
  'diverged', // loss or gradients are no longer finite
  'out-of-memory',
  'engine-crashed',
  'engine-unavailable', // native TensorFlow is missing or does not load
  'store-damaged', // library.sqlite fails its integrity check
  'cancelled',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error as it crosses process boundaries and as `--json` prints it. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly path?: string;
  /** What the hint is called on the command line, such as `--out`: a window has no options, so hints name none. */
  readonly option?: string;
}

export class KarstError extends Error {
  override readonly name = 'KarstError';
  readonly code: ErrorCode;
  /** The way out, one sentence. */
  readonly hint: string;
  readonly path: string | undefined;
  /** What the hint is called on the command line. */
  readonly option: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; path?: string; option?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? '';
    this.path = options.path;
    this.option = options.option;
  }

  toReport(): ErrorReport {
    const report = { code: this.code, message: this.message, hint: this.hint };
    return {
      ...report,
      ...(this.path === undefined ? {} : { path: this.path }),
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
  'not-readable': 'Check that your account may open it and that the disk is well.',
  'not-writable': 'Free some space or choose a folder that you may write to.',
};

/** Turns anything that was thrown into a report; unknown errors become `internal` and keep their message. */
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
