import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { KarstError } from '../../../shared/domain/errors.ts';

type Value = string | number | bigint | null;
export type Row = Record<string, Value>;
export type Parameters = Readonly<Record<string, Value>>;

/**
 * The SQLite connection of a host. Failures are thrown as `KarstError`; statements are prepared
 * once. Parameters are named (`@id`).
 */
export class Library {
  readonly path: string;
  #readOnly = false;
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  readonly #describeDamage: () => string;

  /**
   * @param describeDamage the hint for a damaged file
   * @param path of the library in messages, if it is not the file itself
   */
  constructor(db: Database.Database, describeDamage: () => string, path = db.name) {
    this.#db = db;
    this.path = path;
    this.#describeDamage = describeDamage;
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.path, this.#describeDamage);
    }
  }

  /** Number of rows changed. */
  run(sql: string, parameters: Parameters = {}): number {
    return this.#guard(() => this.#prepare(sql).run(parameters).changes);
  }

  get(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(parameters) as Row | undefined);
  }

  all(sql: string, parameters: Parameters = {}): Row[] {
    return this.#guard(() => this.#prepare(sql).all(parameters) as Row[]);
  }

  /**
   * Rows in pages, so that memory is bounded and the connection is free between them. `sql` must
   * select and order by the ascending integer `key`, with `@after` as its lower bound and `@limit`
   * at its end.
   */
  *pages(sql: string, key: string, parameters: Parameters = {}, size = 1000): Generator<Row> {
    let after = -1;
    for (;;) {
      const rows = this.all(sql, { ...parameters, after, limit: size });
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return;
      after = Number(last[key]);
    }
  }

  /**
   * A transaction that takes the write lock immediately, so that no other process writes in
   * between.
   */
  transaction<T>(work: () => T): T {
    return this.#guard(() => this.#db.transaction(work).immediate());
  }

  /** Whether every change is refused. */
  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** Makes the library read-only: changes are refused with `not-writable`. */
  seal(): void {
    this.#guard(() => this.#db.pragma('query_only = ON'));
    this.#readOnly = true;
  }

  /** For operations that write files before the library. @throws not-writable */
  requireWritable(): void {
    if (this.#readOnly) throw readOnlyError(this.path);
  }

  close(): void {
    this.#guard(() => this.#db.close());
  }
}

/** SQLite grows the index of its log by this much at a time, in bytes. */
const LOG_INDEX_STEP = 32 * 1024;

/** Free bytes on the disk of a path; unlimited if unknown. */
function freeBytesAt(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

function readOnlyError(path: string, cause?: unknown): KarstError {
  return new KarstError(
    'not-writable',
    `The library ${path} is read-only: nothing in it can be changed.`,
    { hint: 'Choose another home, or make this one writable.', option: '--home', path, cause },
  );
}

/**
 * Converts errors of SQLite; a `KarstError` passes through.
 * @param freeBytes free bytes on the path's disk
 */
export function storeError(
  error: unknown,
  path: string,
  describeDamage: () => string,
  freeBytes = freeBytesAt,
): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code } = error;
  const fail = (
    kind: ConstructorParameters<typeof KarstError>[0],
    sentence: string,
    hint: string,
  ) => new KarstError(kind, sentence, { hint, path, cause: error });
  // A header with an impossible schema format has no code of its own.
  const damaged = code === 'SQLITE_ERROR' && error.message === 'unsupported file format';
  if (damaged || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB')
    return fail(
      'store-damaged',
      `The library ${path} is damaged: ${error.message}.`,
      describeDamage(),
    );
  // SQLite reports a full disk as an I/O error if the WAL index cannot grow.
  const full =
    code === 'SQLITE_FULL' || (code.startsWith('SQLITE_IOERR') && freeBytes(path) < LOG_INDEX_STEP);
  if (full)
    return fail(
      'not-writable',
      `The library ${path} cannot grow: the disk is full.`,
      'Free some space and try again.',
    );
  if (code.startsWith('SQLITE_READONLY')) return readOnlyError(path, error);
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_CANTOPEN')
    return fail(
      'not-readable',
      `The library ${path} cannot be read or written: ${error.message} (${code}).`,
      'Check that your account may open it and that the disk works.',
    );
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return fail(
      'in-use',
      `The library ${path} is held by another process.`,
      'Try again when the other KARST Studio is done.',
    );
  return error;
}
