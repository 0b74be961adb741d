import { positionsSql } from './image-filter.ts';
import type { Library } from './library.ts';
import { json, number } from './rows.ts';

/** Positions of images that a label was taken from. */
export interface MovedImages {
  /** Those that got another one for it. */
  readonly moved: readonly number[];
  /** Those that had that other one, too. */
  readonly both: readonly number[];
}

/** A JSON array of the further labels of an image `alias`, as a column. */
export const furtherOf = (alias: string): string =>
  `(SELECT json_group_array(label) FROM (SELECT label FROM further_labels
     WHERE dataset_id = ${alias}.dataset_id AND position = ${alias}.position ORDER BY label))`;

/** What labels images have: table `further_labels`, and the first label of each in `images`. */
export class ImageLabels {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Whether an image of the dataset has more labels than one. */
  hasSeveral(datasetId: string): boolean {
    return (
      this.#library.get('SELECT 1 FROM further_labels WHERE dataset_id = @datasetId LIMIT 1', {
        datasetId,
      }) !== undefined
    );
  }

  addFurther(datasetId: string, position: number, label: number): void {
    this.#library.run(
      `INSERT INTO further_labels (dataset_id, label, position)
       VALUES (@datasetId, @label, @position)`,
      { datasetId, label, position },
    );
  }

  /** Gives every image with the label `from` the label `into` for it. */
  move(datasetId: string, from: number, into: number): MovedImages {
    const several = this.hasSeveral(datasetId);
    const { sql, parameters } = positionsSql(datasetId, { label: from }, { several });
    const positions = this.#library.all(sql, parameters).map((row) => number(row, 'position'));
    const which = { datasetId, from, into };
    if (!several) {
      this.#library.run(
        'UPDATE images SET label = @into WHERE dataset_id = @datasetId AND label = @from',
        which,
      );
      return { moved: positions, both: [] };
    }
    const moved: number[] = [];
    const both: number[] = [];
    for (const { position, labels } of this.#labelsOf(datasetId, positions)) {
      (labels.includes(into) ? both : moved).push(position);
      this.#set(datasetId, position, [...labels.filter((l) => l !== from), into]);
    }
    return { moved, both };
  }

  /** Undoes `move` for those of the images that still have the label `into`. */
  moveBack(datasetId: string, { moved, both }: MovedImages, from: number, into: number): void {
    if (!this.hasSeveral(datasetId) && both.length === 0) {
      this.#library.run(
        `UPDATE images SET label = @from WHERE dataset_id = @datasetId AND label = @into
           AND position IN (SELECT value FROM json_each(@moved))`,
        { datasetId, from, into, moved: JSON.stringify(moved) },
      );
      return;
    }
    const keep = new Set(both);
    for (const { position, labels } of this.#labelsOf(datasetId, [...moved, ...both])) {
      if (!labels.includes(into)) continue;
      const others = keep.has(position) ? labels : labels.filter((l) => l !== into);
      this.#set(datasetId, position, [...others, from]);
    }
  }

  #set(datasetId: string, position: number, labels: readonly number[]): void {
    const [label = 0, ...further] = [...new Set(labels)].sort((a, b) => a - b);
    const which = { datasetId, position };
    this.#library.run(
      'DELETE FROM further_labels WHERE dataset_id = @datasetId AND position = @position',
      which,
    );
    this.#library.run(
      'UPDATE images SET label = @label WHERE dataset_id = @datasetId AND position = @position',
      { ...which, label },
    );
    for (const one of further) this.addFurther(datasetId, position, one);
  }

  /** All labels of images, the first of each first. */
  #labelsOf(
    datasetId: string,
    positions: readonly number[],
  ): { readonly position: number; readonly labels: readonly number[] }[] {
    return this.#library
      .all(
        `SELECT position, label, ${furtherOf('images')} AS further FROM images
         WHERE dataset_id = @datasetId AND position IN (SELECT value FROM json_each(@positions))
         ORDER BY position`,
        { datasetId, positions: JSON.stringify(positions) },
      )
      .map((row) => ({
        position: number(row, 'position'),
        labels: [number(row, 'label'), ...json<number[]>(row, 'further')],
      }));
  }
}
