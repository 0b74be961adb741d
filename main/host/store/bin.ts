import { KarstError } from '../../../shared/domain/errors.ts';
import type { Library, Row } from './library.ts';
import { number, text } from './rows.ts';

export type BinKind = 'run' | 'adapter' | 'dataset';

/** SQL condition on `id`: not in the bin. */
export const NOT_BINNED = 'id NOT IN (SELECT id FROM bin)';

export interface BinRow {
  readonly id: string;
  readonly kind: BinKind;
  /** Its former name. */
  readonly name: string;
  /** Name of its folder in the home's `bin`; empty for a dataset, which has none. */
  readonly folder: string;
  readonly bytes: number;
  readonly removedAt: string;
}

const TABLES: Record<BinKind, string> = {
  run: 'runs',
  adapter: 'adapters',
  dataset: 'datasets',
};

function toBinRow(row: Row): BinRow {
  return {
    id: text(row, 'id'),
    kind: text(row, 'kind') as BinKind,
    name: text(row, 'name'),
    folder: text(row, 'folder'),
    bytes: number(row, 'bytes'),
    removedAt: text(row, 'removed_at'),
  };
}

/**
 * Table `bin`: removed runs, adapters and datasets. Their rows and references stay; only their names become
 * their ids, so that others can take the names.
 */
export class BinRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  put(b: BinRow): void {
    this.#library.transaction(() => {
      this.#library.run(
        `INSERT INTO bin (id, kind, name, folder, bytes, removed_at)
         VALUES (@id, @kind, @name, @folder, @bytes, @removedAt)`,
        { ...b },
      );
      this.#library.run(`UPDATE ${TABLES[b.kind]} SET name = id WHERE id = @id`, { id: b.id });
    });
  }

  /** Last removed first. */
  list(): BinRow[] {
    return this.#library.all('SELECT * FROM bin ORDER BY removed_at DESC, id').map(toBinRow);
  }

  /** By id or former name: the last removed with that name. @throws not-found */
  get(nameOrId: string): BinRow {
    const row = this.#library.get(
      `SELECT * FROM bin WHERE id = @key OR name = @key
       ORDER BY id = @key DESC, removed_at DESC LIMIT 1`,
      { key: nameOrId },
    );
    if (row !== undefined) return toBinRow(row);
    throw new KarstError('not-found', `There is no "${nameOrId}" in the bin.`, {
      hint: 'It may have been restored or deleted already; `karst bin list` lists its contents.',
    });
  }

  /** Restores it under `name`, which must be free. */
  takeOut({ id, kind }: BinRow, name: string): void {
    this.#library.transaction(() => {
      this.#library.run('DELETE FROM bin WHERE id = @id', { id });
      this.#library.run(`UPDATE ${TABLES[kind]} SET name = @name WHERE id = @id`, { id, name });
    });
  }

  /** Deletes it and its dependent rows permanently. */
  forget({ id, kind }: BinRow): void {
    this.#library.transaction(() => {
      this.#library.run(`DELETE FROM ${TABLES[kind]} WHERE id = @id`, { id });
      this.#library.run('DELETE FROM notes WHERE subject_id = @id', { id });
      this.#library.run('DELETE FROM bin WHERE id = @id', { id });
    });
  }
}
