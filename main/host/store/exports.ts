import { FORMER_FORMATS, type ExportFormat } from '../../../shared/domain/export-formats.ts';
import type { StoredExport } from '../../../shared/domain/library.ts';
import type { Library } from './library.ts';
import { json, text } from './rows.ts';

/** Table `exports`. */
export class ExportRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(e: StoredExport): void {
    this.#library.run(
      `INSERT INTO exports (id, adapter_id, format, out, verification, created_at)
       VALUES (@id, @adapterId, @format, @out, @verification, @createdAt)`,
      { ...e, verification: e.verification === null ? null : JSON.stringify(e.verification) },
    );
  }

  of(adapterId: string): StoredExport[] {
    return this.#library
      .all('SELECT * FROM exports WHERE adapter_id = @adapterId ORDER BY created_at, id', {
        adapterId,
      })
      .map((row) => ({
        id: text(row, 'id'),
        adapterId: text(row, 'adapter_id'),
        format: presentFormat(text(row, 'format')),
        out: text(row, 'out'),
        verification: row['verification'] === null ? null : json(row, 'verification'),
        createdAt: text(row, 'created_at'),
      }));
  }
}

function presentFormat(stored: string): ExportFormat {
  return FORMER_FORMATS[stored] ?? (stored as ExportFormat);
}
