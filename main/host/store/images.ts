import type { ImageFilter } from '../../../shared/contract/window/datasets.ts';
import type { Split } from '../../../shared/domain/dataset.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { DatasetImage, DatasetProblem, ImageState } from '../../../shared/domain/library.ts';
import { CHECKED_KINDS } from '../../../shared/domain/problem-kinds.ts';
import { pageSql, positionsSql, searchesNames, totalSql, type Filtered } from './image-filter.ts';
import { furtherOf, ImageLabels } from './image-labels.ts';
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
  readonly labels: ImageLabels;
  constructor(library: Library) {
    this.#library = library;
    this.labels = new ImageLabels(library);
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
        for (const label of furtherLabels) this.labels.addFurther(datasetId, image.position, label);
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
    const of = this.#filtered(datasetId, filter);
    const columns = this.#columns(datasetId, of.several);
    const { sql, parameters } = pageSql(datasetId, filter, { ...of, columns });
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

  #filtered(datasetId: string, { state }: ImageFilter): Required<Filtered> {
    const leftOut =
      state === 'excluded' &&
      this.#library.get(
        'SELECT 1 FROM classes WHERE dataset_id = @datasetId AND left_out = 1 LIMIT 1',
        { datasetId },
      ) !== undefined;
    return { several: this.labels.hasSeveral(datasetId), leftOut };
  }

  #total(datasetId: string, filter: ImageFilter): number {
    const { sql, parameters } = totalSql(datasetId, filter, this.#filtered(datasetId, filter));
    const row = this.#library.get(sql, parameters);
    return row === undefined ? 0 : number(row, 'n');
  }

  /** Positions of all images that match a filter, in order. */
  positions(datasetId: string, filter: ImageFilter): number[] {
    const of = this.#filtered(datasetId, filter);
    const { sql, parameters } = positionsSql(datasetId, filter, of);
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
    const clears = change.label !== undefined && this.labels.hasSeveral(datasetId);
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

  /** Columns for `toImage`; further labels are looked up only if there are any. */
  #columns(datasetId: string, several = this.labels.hasSeveral(datasetId)): string {
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
