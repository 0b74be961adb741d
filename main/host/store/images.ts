import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import type { Split } from '../../../shared/domain/dataset.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { DatasetImage, DatasetProblem, ImageState } from '../../../shared/domain/library.ts';
import { CHECKED_KINDS } from '../../../shared/domain/problem-kinds.ts';
import { pageSql, positionsSql, searchesNames, totalSql } from './image-filter.ts';
import type { Library, Row } from './library.ts';
import { json, number, numberOrNull, oneOf, text, textOrNull } from './rows.ts';

export interface StoredImage extends DatasetImage {
  /** Position in the dataset, from 0. */
  readonly position: number;
  /** Its labels beside `label`, the first of all, ascending. */
  readonly furtherLabels: readonly number[];
  /** Position of the first image with the same bytes; null for that one itself. */
  readonly duplicateOf: number | null;
  /** The split given by the source; null if none. */
  readonly givenSplit: Split | null;
}

/** An image at import. */
export interface NewImage extends Omit<StoredImage, 'excluded' | 'furtherLabels'> {
  readonly furtherLabels?: readonly number[];
  /** The searchable name. */
  readonly searchKey: string;
}

/** A user's changes to images; omitted keys are unchanged. */
export interface ImageChange {
  /** Replaces all labels. */
  readonly label?: number;
  readonly split?: Split;
  readonly excluded?: boolean;
}

/** Positions of images that a label was taken from. */
export interface MovedImages {
  /** Those that got another one for it. */
  readonly moved: readonly number[];
  /** Those that had that other one, too. */
  readonly both: readonly number[];
}

/** What the split needs of an image. */
export type DrawnImage = Pick<
  StoredImage,
  'position' | 'sha256' | 'label' | 'split' | 'givenSplit' | 'state' | 'excluded'
>;

/** Where images were that a re-split moved. */
export interface FormerSplit {
  /** Number of images of the dataset at that time. */
  readonly images: number;
  readonly splits: Readonly<Record<Split, readonly number[]>>;
}

/** Two usable images with equal bytes. */
export interface DuplicatePair {
  readonly path: string;
  readonly labels: readonly number[];
  readonly firstPath: string;
  readonly firstLabels: readonly number[];
}

/** A JSON array of the further labels of an image `alias`, as a column. */
const furtherOf = (alias: string): string =>
  `(SELECT json_group_array(label) FROM (SELECT label FROM further_labels
     WHERE dataset_id = ${alias}.dataset_id AND position = ${alias}.position ORDER BY label))`;

function toImage(row: Row): StoredImage {
  return {
    position: number(row, 'position'),
    path: text(row, 'path'),
    sha256: text(row, 'sha256'),
    bytes: number(row, 'bytes'),
    width: number(row, 'width'),
    height: number(row, 'height'),
    label: number(row, 'label'),
    furtherLabels: 'further' in row ? json<number[]>(row, 'further') : [],
    split: text(row, 'split') as Split,
    state: text(row, 'state') as ImageState,
    excluded: number(row, 'excluded') === 1,
    reason: textOrNull(row, 'reason'),
    duplicateOf: numberOrNull(row, 'duplicate_of'),
    givenSplit: textOrNull(row, 'given_split') as Split | null,
  };
}

/**
 * Tables `images` and `further_labels`; the latter is not queried for datasets with one label per
 * image. Positions are passed as one JSON array, so that a statement takes any number of them.
 */
export class ImageRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** One transaction for the whole batch. */
  insert(datasetId: string, images: readonly NewImage[]): void {
    this.#library.transaction(() => {
      for (const { furtherLabels = [], ...image } of images) {
        this.#library.run(
          `INSERT INTO images (dataset_id, position, path, sha256, bytes, width, height, label, split,
             state, reason, duplicate_of, given_split, search_key)
           VALUES (@datasetId, @position, @path, @sha256, @bytes, @width, @height, @label, @split,
             @state, @reason, @duplicateOf, @givenSplit, @searchKey)`,
          { datasetId, ...image },
        );
        for (const label of furtherLabels) this.#addFurther(datasetId, image.position, label);
      }
    });
  }

  /** Sets split and duplicate state of images by position; one transaction for the batch. */
  settle(
    datasetId: string,
    images: readonly Pick<StoredImage, 'position' | 'split' | 'state' | 'reason' | 'duplicateOf'>[],
  ): void {
    this.#library.transaction(() => {
      for (const { position, split, state, reason, duplicateOf } of images)
        this.#library.run(
          `UPDATE images SET split = @split, state = @state, reason = @reason, duplicate_of = @duplicateOf
           WHERE dataset_id = @datasetId AND position = @position`,
          { datasetId, position, split, state, reason, duplicateOf },
        );
    });
  }

  /** Takes a file's new content; the image is usable then. */
  replaceContent(
    datasetId: string,
    position: number,
    facts: Pick<StoredImage, 'sha256' | 'bytes' | 'width' | 'height'>,
  ): void {
    const { sha256, bytes, width, height } = facts;
    this.#library.run(
      `UPDATE images SET sha256 = @sha256, bytes = @bytes, width = @width, height = @height,
         state = 'ok', reason = NULL
       WHERE dataset_id = @datasetId AND position = @position`,
      { datasetId, position, sha256, bytes, width, height },
    );
  }

  /** The images that cannot be used, as problems, in stored order. */
  problems(datasetId: string): DatasetProblem[] {
    return this.#library
      .all(
        `SELECT state, path, reason FROM images INDEXED BY images_by_state
         WHERE dataset_id = @datasetId AND state IN ('unreadable', 'missing', 'changed')
         ORDER BY position`,
        { datasetId },
      )
      .map((row) => ({
        kind: oneOf(row, 'state', CHECKED_KINDS),
        path: text(row, 'path'),
        reason: textOrNull(row, 'reason') ?? '',
      }));
  }

  setStates(
    datasetId: string,
    images: readonly Pick<StoredImage, 'position' | 'state' | 'reason'>[],
  ): void {
    this.#library.transaction(() => {
      for (const { position, state, reason } of images)
        this.#library.run(
          `UPDATE images SET state = @state, reason = @reason
           WHERE dataset_id = @datasetId AND position = @position`,
          { datasetId, position, state, reason },
        );
    });
  }

  /** In stored order, read in pages, with bounded memory. */
  *all(datasetId: string, split?: Split): Generator<StoredImage> {
    const condition = split === undefined ? '' : 'AND split = @split';
    const rows = this.#library.pages(
      `SELECT ${this.#columns(datasetId)} FROM images
       WHERE dataset_id = @datasetId ${condition} AND position > @after
       ORDER BY position LIMIT @limit`,
      'position',
      split === undefined ? { datasetId } : { datasetId, split },
    );
    for (const row of rows) yield toImage(row);
  }

  /** All images, with only what a split needs. */
  *toDraw(datasetId: string): Generator<DrawnImage> {
    const rows = this.#library.pages(
      `SELECT position, sha256, label, split, given_split, state, excluded FROM images
       WHERE dataset_id = @datasetId AND position > @after ORDER BY position LIMIT @limit`,
      'position',
      { datasetId },
    );
    for (const row of rows)
      yield {
        position: number(row, 'position'),
        sha256: text(row, 'sha256'),
        label: number(row, 'label'),
        split: text(row, 'split') as Split,
        givenSplit: textOrNull(row, 'given_split') as Split | null,
        state: text(row, 'state') as ImageState,
        excluded: number(row, 'excluded') === 1,
      };
  }

  /** @throws not-found */
  get(datasetId: string, position: number): StoredImage {
    const row = this.#library.get(
      `SELECT ${this.#columns(datasetId)} FROM images
       WHERE dataset_id = @datasetId AND position = @position`,
      { datasetId, position },
    );
    if (row !== undefined) return toImage(row);
    throw new KarstError('not-found', `The dataset has no image number ${position}.`, {
      hint: 'Reload the page: the dataset may have been removed.',
    });
  }

  /** The first image with a path; null if there is none. */
  withPath(datasetId: string, path: string): StoredImage | null {
    const row = this.#library.get(
      `SELECT ${this.#columns(datasetId)} FROM images
       WHERE dataset_id = @datasetId AND path = @path ORDER BY position LIMIT 1`,
      { datasetId, path },
    );
    return row === undefined ? null : toImage(row);
  }

  /** A page of the images that match a filter, in stored order, and the number of matches. */
  page(
    datasetId: string,
    filter: ImageFilter,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): { total: number; images: StoredImage[] } {
    if (searchesNames(filter)) {
      // Counting has to scan every name, which yields the positions as well.
      const found = this.positions(datasetId, filter);
      return {
        total: found.length,
        images: this.#at(datasetId, found.slice(offset, offset + limit)),
      };
    }
    const several = this.#hasSeveral(datasetId);
    const { sql, parameters } = pageSql(datasetId, filter, {
      several,
      columns: this.#columns(datasetId, several),
    });
    return {
      total: this.#total(datasetId, filter),
      images: this.#library.all(sql, { ...parameters, offset, limit }).map(toImage),
    };
  }

  #at(datasetId: string, positions: readonly number[]): StoredImage[] {
    return this.#library
      .all(
        `SELECT ${this.#columns(datasetId)} FROM images WHERE dataset_id = @datasetId
           AND position IN (SELECT value FROM json_each(@positions)) ORDER BY position`,
        { datasetId, positions: JSON.stringify(positions) },
      )
      .map(toImage);
  }

  #total(datasetId: string, filter: ImageFilter): number {
    const { sql, parameters } = totalSql(datasetId, filter, this.#hasSeveral(datasetId));
    const row = this.#library.get(sql, parameters);
    return row === undefined ? 0 : number(row, 'n');
  }

  /** Positions of all images that match a filter, in order. */
  positions(datasetId: string, filter: ImageFilter): number[] {
    const { sql, parameters } = positionsSql(datasetId, filter, this.#hasSeveral(datasetId));
    return this.#library.all(sql, parameters).map((row) => number(row, 'position'));
  }

  /** Returns the number of rows changed. Unknown positions are ignored. */
  change(datasetId: string, positions: readonly number[], change: ImageChange): number {
    const values: Record<string, string | number> = {};
    if (change.label !== undefined) values['label'] = change.label;
    if (change.split !== undefined) values['split'] = change.split;
    if (change.excluded !== undefined) values['excluded'] = change.excluded ? 1 : 0;
    const columns = Object.keys(values);
    if (columns.length === 0) return 0;
    const others = columns.map((c) => `${c} <> @${c}`);
    const which = { datasetId, positions: JSON.stringify(positions) };
    const clears = change.label !== undefined && this.#hasSeveral(datasetId);
    if (clears)
      others.push(
        `EXISTS (SELECT 1 FROM further_labels f
                 WHERE f.dataset_id = images.dataset_id AND f.position = images.position)`,
      );
    return this.#library.transaction(() => {
      const changed = this.#library.run(
        `UPDATE images SET ${columns.map((c) => `${c} = @${c}`).join(', ')}
         WHERE dataset_id = @datasetId AND position IN (SELECT value FROM json_each(@positions))
           AND (${others.join(' OR ')})`,
        { ...which, ...values },
      );
      if (clears)
        this.#library.run(
          `DELETE FROM further_labels WHERE dataset_id = @datasetId
             AND position IN (SELECT value FROM json_each(@positions))`,
          which,
        );
      return changed;
    });
  }

  /** Gives every image with the label `from` the label `into` for it. */
  moveLabel(datasetId: string, from: number, into: number): MovedImages {
    const several = this.#hasSeveral(datasetId);
    const positions = this.positions(datasetId, { label: from });
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
    for (const image of this.#at(datasetId, positions)) {
      const labels = [image.label, ...image.furtherLabels];
      (labels.includes(into) ? both : moved).push(image.position);
      this.#setLabels(datasetId, image.position, [...labels.filter((l) => l !== from), into]);
    }
    return { moved, both };
  }

  /** Undoes `moveLabel` for those of the images that still have the label `into`. */
  moveLabelBack(datasetId: string, { moved, both }: MovedImages, from: number, into: number): void {
    if (!this.#hasSeveral(datasetId) && both.length === 0) {
      this.#library.run(
        `UPDATE images SET label = @from WHERE dataset_id = @datasetId AND label = @into
           AND position IN (SELECT value FROM json_each(@moved))`,
        { datasetId, from, into, moved: JSON.stringify(moved) },
      );
      return;
    }
    const keep = new Set(both);
    for (const { position, label, furtherLabels } of this.#at(datasetId, [...moved, ...both])) {
      const labels = [label, ...furtherLabels];
      if (!labels.includes(into)) continue;
      const others = keep.has(position) ? labels : labels.filter((l) => l !== into);
      this.#setLabels(datasetId, position, [...others, from]);
    }
  }

  #setLabels(datasetId: string, position: number, labels: readonly number[]): void {
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
    for (const one of further) this.#addFurther(datasetId, position, one);
  }

  #addFurther(datasetId: string, position: number, label: number): void {
    this.#library.run(
      `INSERT INTO further_labels (dataset_id, label, position)
       VALUES (@datasetId, @label, @position)`,
      { datasetId, label, position },
    );
  }

  /** Whether an image of the dataset has more labels than one. */
  #hasSeveral(datasetId: string): boolean {
    return (
      this.#library.get('SELECT 1 FROM further_labels WHERE dataset_id = @datasetId LIMIT 1', {
        datasetId,
      }) !== undefined
    );
  }

  /** Columns for `toImage`; further labels are looked up only if there are any. */
  #columns(datasetId: string, several = this.#hasSeveral(datasetId)): string {
    return several ? `images.*, ${furtherOf('images')} AS further` : '*';
  }

  /** These positions and those of all images with the same bytes. */
  withDuplicates(datasetId: string, positions: readonly number[]): number[] {
    return this.#library
      .all(
        `WITH chosen AS MATERIALIZED (
           SELECT position, coalesce(duplicate_of, position) AS first FROM images
           WHERE dataset_id = @datasetId AND position IN (SELECT value FROM json_each(@positions))
         )
         SELECT position FROM chosen
         UNION SELECT first FROM chosen
         UNION SELECT position FROM images INDEXED BY images_of_first
           WHERE dataset_id = @datasetId AND duplicate_of IN (SELECT first FROM chosen)`,
        { datasetId, positions: JSON.stringify(positions) },
      )
      .map((row) => number(row, 'position'));
  }

  /** Duplicates with the first image of the same bytes, both usable; in stored order. */
  duplicatePairs(datasetId: string): DuplicatePair[] {
    return this.#library
      .all(
        `SELECT i.path, i.label, f.path AS first_path, f.label AS first_label,
           ${furtherOf('i')} AS further, ${furtherOf('f')} AS first_further
         FROM images i INDEXED BY images_of_first
         JOIN images f ON f.dataset_id = i.dataset_id AND f.position = i.duplicate_of
         WHERE i.dataset_id = @datasetId AND i.duplicate_of IS NOT NULL AND i.state = 'duplicate'
           AND i.excluded = 0 AND f.excluded = 0 AND f.state IN ('ok', 'duplicate')
         ORDER BY i.position`,
        { datasetId },
      )
      .map((row) => ({
        path: text(row, 'path'),
        labels: [number(row, 'label'), ...json<number[]>(row, 'further')],
        firstPath: text(row, 'first_path'),
        firstLabels: [number(row, 'first_label'), ...json<number[]>(row, 'first_further')],
      }));
  }

  count(datasetId: string): number {
    return this.#total(datasetId, {});
  }
}
