import { SPLITS, type Split } from '../../../shared/domain/dataset.ts';
import type { Dataset, DatasetClass, DatasetLayout } from '../../../shared/domain/library.ts';
import type { Owner } from '../owner.ts';
import { NOT_BINNED } from './bin.ts';
import type { FormerSplit } from './images.ts';
import type { Library, Row } from './library.ts';
import { findRow } from './names.ts';
import { json, now, number, text, textOrNull } from './rows.ts';

/** Unfinished imports are invisible. */
const READY = 'importing_by IS NULL';

/** Without the former split, which can be as long as the dataset. */
const COLUMNS = `id, name, path, layout, val_fraction, test_fraction, seed, task, given_splits,
  created_at, former_split IS NOT NULL AS has_former_split`;
const NONE = { train: 0, val: 0, test: 0 };

/** Images of a row of `image_counts` that meet the condition. */
const sumOf = (condition: string): string => `coalesce(sum(iif(${condition}, i.images, 0)), 0)`;

export interface NewDataset {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly layout: DatasetLayout;
  readonly valFraction: number;
  readonly testFraction: number;
  readonly seed: number;
  /** The task, as in `shared/tasks`. */
  readonly task: string;
  readonly importingBy: Owner;
  readonly createdAt: string;
}

/** Parameters of a split. */
interface SplitDraw {
  readonly val: number;
  readonly test: number;
  readonly seed: number;
}

/** A split that was replaced, with its parameters. */
export interface FormerDraw extends SplitDraw, FormerSplit {}

/**
 * Table `datasets`, the classes of a new one and, read only, `image_counts` and `further_counts`,
 * which the database itself keeps up to date.
 */
export class DatasetRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** A dataset that stays hidden until `publish`. */
  begin(d: NewDataset, classes: readonly string[]): void {
    this.#library.transaction(() => {
      this.#library.run(
        `INSERT INTO datasets (id, name, path, layout, val_fraction, test_fraction, seed, task, importing_by,
           created_at, updated_at)
         VALUES (@id, @name, @path, @layout, @valFraction, @testFraction, @seed, @task, @importingBy,
           @createdAt, @createdAt)`,
        { ...d },
      );
      for (const table of ['classes', 'class_sources'])
        classes.forEach((name, label) =>
          this.#library.run(
            `INSERT INTO ${table} (dataset_id, label, name) VALUES (@id, @label, @name)`,
            { id: d.id, label, name },
          ),
        );
    });
  }

  /** @param givenSplits those that the source itself names */
  publish(id: string, givenSplits: readonly Split[]): void {
    this.#library.run(
      'UPDATE datasets SET importing_by = NULL, given_splits = @given, updated_at = @at WHERE id = @id',
      { id, given: JSON.stringify(givenSplits), at: now() },
    );
  }

  /** The splits that its sources name. */
  setGivenSplits(id: string, splits: readonly Split[]): void {
    this.#library.run('UPDATE datasets SET given_splits = @splits WHERE id = @id', {
      id,
      splits: JSON.stringify(splits),
    });
  }

  rename(id: string, name: string): void {
    this.#library.run('UPDATE datasets SET name = @name WHERE id = @id', { id, name });
    this.touch(id);
  }

  /** Changes the path to another folder with the same files. */
  relocate(id: string, path: string): void {
    this.#library.transaction(() => {
      this.#library.run(
        `UPDATE dataset_sources SET path = @path WHERE dataset_id = @id
           AND path = (SELECT path FROM datasets WHERE id = @id)`,
        { id, path },
      );
      this.#library.run('UPDATE datasets SET path = @path WHERE id = @id', { id, path });
    });
  }

  /** Updates its time of change. */
  touch(id: string): void {
    this.#library.run('UPDATE datasets SET updated_at = @at WHERE id = @id', { id, at: now() });
  }

  /**
   * Stores the parameters of a split, and what it was before.
   * @param former null if it cannot be undone
   */
  setDraw(id: string, { val, test, seed }: SplitDraw, former: FormerDraw | null): void {
    this.#library.run(
      `UPDATE datasets SET val_fraction = @val, test_fraction = @test, seed = @seed,
         former_split = @former WHERE id = @id`,
      { id, val, test, seed, former: former === null ? null : JSON.stringify(former) },
    );
    this.touch(id);
  }

  /** The split before the latest re-split; null if there is none to undo. */
  formerSplit(id: string): FormerDraw | null {
    const row = this.#library.get('SELECT former_split FROM datasets WHERE id = @id', { id });
    return row === undefined || textOrNull(row, 'former_split') === null
      ? null
      : json<FormerDraw>(row, 'former_split');
  }

  /** Owners of imports that are not finished, by dataset id. */
  importing(): { id: string; owner: Owner }[] {
    return this.#library
      .all('SELECT id, importing_by FROM datasets WHERE importing_by IS NOT NULL')
      .map((row) => ({ id: text(row, 'id'), owner: text(row, 'importing_by') }));
  }

  list(): Dataset[] {
    return this.#library
      .all(
        `SELECT ${COLUMNS} FROM datasets WHERE ${READY} AND ${NOT_BINNED} ORDER BY created_at, id`,
      )
      .map((row) => this.#toDataset(row));
  }

  get(nameOrId: string): Dataset {
    return this.#toDataset(findRow(this.#library, 'dataset', nameOrId, READY, COLUMNS));
  }

  /** Source of a dataset, without counting its images. */
  source(nameOrId: string): { id: string; path: string } {
    const row = findRow(this.#library, 'dataset', nameOrId, READY, COLUMNS);
    return { id: text(row, 'id'), path: text(row, 'path') };
  }

  /** Its task. */
  task(id: string): string {
    return text(findRow(this.#library, 'dataset', id, READY, COLUMNS), 'task');
  }

  remove(id: string): void {
    this.#library.run('DELETE FROM datasets WHERE id = @id', { id });
  }

  /** Usable images by split and by labels other than their first. */
  #furtherCounts(id: string): Map<number, Partial<Record<Split, number>>> {
    const counts = new Map<number, Partial<Record<Split, number>>>();
    const rows = this.#library.all(
      `SELECT label, split, sum(images) AS images FROM further_counts
       WHERE dataset_id = @id AND NOT excluded AND state IN ('ok', 'duplicate')
       GROUP BY label, split`,
      { id },
    );
    for (const row of rows) {
      const label = number(row, 'label');
      const split = text(row, 'split') as Split;
      counts.set(label, { ...counts.get(label), [split]: number(row, 'images') });
    }
    return counts;
  }

  #toDataset(row: Row): Dataset {
    const id = text(row, 'id');
    const byClass = this.#library.all(
      `SELECT c.label, c.name, c.left_out,
         ${sumOf("i.split = 'train' AND NOT i.excluded AND i.state IN ('ok', 'duplicate')")} AS train,
         ${sumOf("i.split = 'val' AND NOT i.excluded AND i.state IN ('ok', 'duplicate')")} AS val,
         ${sumOf("i.split = 'test' AND NOT i.excluded AND i.state IN ('ok', 'duplicate')")} AS test,
         ${sumOf("i.excluded AND i.state IN ('ok', 'duplicate')")} AS excluded,
         ${sumOf("i.state NOT IN ('ok', 'duplicate')")} AS unusable,
         ${sumOf("NOT i.excluded AND i.state = 'duplicate'")} AS duplicates,
         coalesce(sum(i.bytes), 0) AS bytes
       FROM classes c LEFT JOIN image_counts i ON i.dataset_id = c.dataset_id AND i.label = c.label
       WHERE c.dataset_id = @id GROUP BY c.label ORDER BY c.label`,
      { id },
    );
    const further = this.#furtherCounts(id);
    const classes = byClass.map((r): DatasetClass => {
      const index = number(r, 'label');
      const { train = 0, val = 0, test = 0 } = further.get(index) ?? {};
      const counts = {
        train: number(r, 'train') + train,
        val: number(r, 'val') + val,
        test: number(r, 'test') + test,
      };
      const excluded = number(r, 'excluded');
      const all = excluded + counts.train + counts.val + counts.test;
      return number(r, 'left_out') === 1
        ? { index, name: text(r, 'name'), ...NONE, excluded: all, leftOut: true }
        : { index, name: text(r, 'name'), ...counts, excluded, leftOut: false };
    });
    const sum = (column: string, rows: readonly Row[]): number =>
      rows.reduce((total, r) => total + number(r, column), 0);
    const used = byClass.filter((r) => number(r, 'left_out') === 0);
    const aside = byClass.filter((r) => number(r, 'left_out') === 1);
    const counts = {
      train: sum('train', used),
      val: sum('val', used),
      test: sum('test', used),
    };
    const leftOut = SPLITS.reduce((n, split) => n + sum(split, aside), 0);
    return {
      id,
      name: text(row, 'name'),
      path: text(row, 'path'),
      layout: text(row, 'layout') as DatasetLayout,
      classes,
      counts,
      excluded: sum('excluded', byClass) + leftOut,
      unusable: sum('unusable', byClass),
      duplicates: sum('duplicates', used),
      bytes: sum('bytes', byClass),
      valFraction: number(row, 'val_fraction'),
      testFraction: number(row, 'test_fraction'),
      seed: number(row, 'seed'),
      givenSplits: SPLITS.filter((split) => json<Split[]>(row, 'given_splits').includes(split)),
      hasFormerSplit: number(row, 'has_former_split') === 1,
      createdAt: text(row, 'created_at'),
    };
  }
}
