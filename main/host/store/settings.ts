import type { Library } from './library.ts';
import { json, text } from './rows.ts';

/** Table `settings`: one row per setting that differs from its default, as JSON. */
export class SettingRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  all(): Map<string, unknown> {
    const rows = this.#library.all('SELECT key, value FROM settings');
    return new Map(rows.map((row) => [text(row, 'key'), json<unknown>(row, 'value')]));
  }

  /** Whether the library has no project, dataset, run or adapter. */
  ofEmptyLibrary(): boolean {
    const tables = ['projects', 'datasets', 'runs', 'adapters'];
    return tables.every(
      (table) => this.#library.get(`SELECT 1 FROM ${table} LIMIT 1`) === undefined,
    );
  }

  /** All of them or none. */
  set(values: ReadonlyMap<string, unknown>): void {
    this.#library.transaction(() => {
      for (const [key, value] of values)
        this.#library.run(
          `INSERT INTO settings (key, value) VALUES (@key, @value)
           ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
          { key, value: JSON.stringify(value) },
        );
    });
  }
}
