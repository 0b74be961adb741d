import type { Dataset, DatasetClass, DatasetLayout } from '../../../shared/domain/library.ts';
import type { Owner } from '../owner.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { number, text } from './rows.ts';

/** Half-imported datasets are not there for anybody. */
const READY = 'importing_by IS NULL';

export interface NewDataset {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly layout: DatasetLayout;
  readonly valFraction: number;
  readonly testFraction: number;
  readonly seed: number;
  readonly importingBy: Owner;
  readonly createdAt: string;
}

/** Tables `datasets` and `classes`. */
export class DatasetRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** A dataset that stays hidden until `publish`. */
  begin(d: NewDataset, classes: readonly string[]): void {
    this.#library.transaction(() => {
      this.#library.run(
        `INSERT INTO datasets (id, name, path, layout, val_fraction, test_fraction, seed, importing_by, created_at)
         VALUES (@id, @name, @path, @layout, @valFraction, @testFraction, @seed, @importingBy, @createdAt)`,
        { ...d },
      );
      classes.forEach((name, label) =>
        this.#library.run(
          'INSERT INTO classes (dataset_id, label, name) VALUES (@id, @label, @name)',
          { id: d.id, label, name },
        ),
      );
    });
  }

  publish(id: string): void {
    this.#library.run('UPDATE datasets SET importing_by = NULL WHERE id = @id', { id });
  }

  /** Owners of imports that are not finished, by dataset id. */
  importing(): { id: string; owner: Owner }[] {
    return this.#library
      .all('SELECT id, importing_by FROM datasets WHERE importing_by IS NOT NULL')
      .map((row) => ({ id: text(row, 'id'), owner: text(row, 'importing_by') }));
  }

  list(): Dataset[] {
    return this.#library
      .all(`SELECT * FROM datasets WHERE ${READY} ORDER BY created_at, id`)
      .map((row) => this.#toDataset(row));
  }

  get(nameOrId: string): Dataset {
    return this.#toDataset(findRow(this.#library, 'dataset', nameOrId, READY));
  }

  remove(id: string): void {
    this.#library.run('DELETE FROM datasets WHERE id = @id', { id });
  }

  #toDataset(row: Row): Dataset {
    const id = text(row, 'id');
    const byClass = this.#library.all(
      `SELECT c.label, c.name,
         coalesce(sum(i.split = 'train' AND i.state IN ('ok', 'duplicate')), 0) AS train,
         coalesce(sum(i.split = 'val' AND i.state IN ('ok', 'duplicate')), 0) AS val,
         coalesce(sum(i.split = 'test' AND i.state IN ('ok', 'duplicate')), 0) AS test,
         coalesce(sum(i.state NOT IN ('ok', 'duplicate')), 0) AS unusable,
         coalesce(sum(i.state = 'duplicate'), 0) AS duplicates,
         coalesce(sum(i.bytes), 0) AS bytes
       FROM classes c LEFT JOIN images i ON i.dataset_id = c.dataset_id AND i.label = c.label
       WHERE c.dataset_id = @id GROUP BY c.label ORDER BY c.label`,
      { id },
    );
    const classes: DatasetClass[] = byClass.map((r) => ({
      index: number(r, 'label'),
      name: text(r, 'name'),
      train: number(r, 'train'),
      val: number(r, 'val'),
      test: number(r, 'test'),
    }));
    const total = (column: string): number =>
      byClass.reduce((sum, r) => sum + number(r, column), 0);
    return {
      id,
      name: text(row, 'name'),
      path: text(row, 'path'),
      layout: text(row, 'layout') as DatasetLayout,
      classes,
      counts: { train: total('train'), val: total('val'), test: total('test') },
      unusable: total('unusable'),
      duplicates: total('duplicates'),
      bytes: total('bytes'),
      valFraction: number(row, 'val_fraction'),
      testFraction: number(row, 'test_fraction'),
      seed: number(row, 'seed'),
      createdAt: text(row, 'created_at'),
    };
  }
}
