import type { ImportLayout } from '../../../shared/domain/dataset.ts';
import type { Library } from './library.ts';
import { numberOrNull, text, textOrNull } from './rows.ts';

/** A place where a dataset's images come from. */
export interface DatasetSource {
  /** A folder, a list, a table; or a single image. */
  readonly path: string;
  /** What the user answered when its layout or encoding was not clear; else null. */
  readonly layout: ImportLayout | null;
  readonly encoding: string | null;
  /** Class of its images where it is not asked for classes; else null. */
  readonly label: number | null;
}

/** Table `dataset_sources`. The first source of a dataset is what was imported. */
export class SourceRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  list(datasetId: string): DatasetSource[] {
    return this.#library
      .all('SELECT * FROM dataset_sources WHERE dataset_id = @datasetId ORDER BY position', {
        datasetId,
      })
      .map((row) => ({
        path: text(row, 'path'),
        layout: textOrNull(row, 'layout') as ImportLayout | null,
        encoding: textOrNull(row, 'encoding'),
        label: numberOrNull(row, 'label'),
      }));
  }

  /** Replaces all of them, within a transaction. */
  replace(datasetId: string, sources: readonly DatasetSource[]): void {
    this.#library.run('DELETE FROM dataset_sources WHERE dataset_id = @datasetId', { datasetId });
    sources.forEach((source, position) =>
      this.#library.run(
        `INSERT INTO dataset_sources (dataset_id, position, path, layout, encoding, label)
         VALUES (@datasetId, @position, @path, @layout, @encoding, @label)`,
        { datasetId, position, ...source },
      ),
    );
  }

  /** The paths, in order. */
  paths(datasetId: string): string[] {
    return this.#library
      .all('SELECT path FROM dataset_sources WHERE dataset_id = @datasetId ORDER BY position', {
        datasetId,
      })
      .map((row) => text(row, 'path'));
  }
}
