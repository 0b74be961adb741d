import type { StoredMerge } from '../../../shared/domain/library.ts';
import type { Library } from './library.ts';
import { json, text } from './rows.ts';

/** Table `merges`. */
export class MergeRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(m: StoredMerge): void {
    this.#library.run(
      `INSERT INTO merges (id, adapter_id, out, verification, created_at)
       VALUES (@id, @adapterId, @out, @verification, @createdAt)`,
      { ...m, verification: JSON.stringify(m.verification) },
    );
  }

  of(adapterId: string): StoredMerge[] {
    return this.#library
      .all('SELECT * FROM merges WHERE adapter_id = @adapterId ORDER BY created_at, id', {
        adapterId,
      })
      .map((row) => ({
        id: text(row, 'id'),
        adapterId: text(row, 'adapter_id'),
        out: text(row, 'out'),
        verification: json(row, 'verification'),
        createdAt: text(row, 'created_at'),
      }));
  }
}
