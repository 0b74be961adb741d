import type { Split } from '../../../shared/domain/dataset.ts';
import type { DatasetImage, ImageState } from '../../../shared/domain/library.ts';
import type { Library, Row } from './library.ts';
import { number, numberOrNull, text, textOrNull } from './rows.ts';

export interface StoredImage extends DatasetImage {
  /** Place in the dataset, from 0. */
  readonly position: number;
  /** Position of the first image with the same bytes, null for that one itself. */
  readonly duplicateOf: number | null;
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
    split: text(row, 'split') as Split,
    state: text(row, 'state') as ImageState,
    reason: textOrNull(row, 'reason'),
    duplicateOf: numberOrNull(row, 'duplicate_of'),
  };
}

/** Table `images`. */
export class ImageRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** One transaction for the whole batch. */
  insert(datasetId: string, images: readonly StoredImage[]): void {
    this.#library.transaction(() => {
      for (const image of images)
        this.#library.run(
          `INSERT INTO images (dataset_id, position, path, sha256, bytes, width, height, label, split,
             state, reason, duplicate_of)
           VALUES (@datasetId, @position, @path, @sha256, @bytes, @width, @height, @label, @split,
             @state, @reason, @duplicateOf)`,
          { datasetId, ...image },
        );
    });
  }

  /** Sets split and duplicate state of images by position; one transaction for the batch. */
  settle(
    datasetId: string,
    images: readonly Pick<StoredImage, 'position' | 'split' | 'state' | 'reason' | 'duplicateOf'>[],
  ): void {
    this.#library.transaction(() => {
      for (const image of images)
        this.#library.run(
          `UPDATE images SET split = @split, state = @state, reason = @reason, duplicate_of = @duplicateOf
           WHERE dataset_id = @datasetId AND position = @position`,
          { datasetId, ...image },
        );
    });
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

  /** In stored order, read in pages: memory stays flat whatever the size. */
  *all(datasetId: string, split?: Split): Generator<StoredImage> {
    const condition = split === undefined ? '' : 'AND split = @split';
    const rows = this.#library.pages(
      `SELECT * FROM images WHERE dataset_id = @datasetId ${condition} AND position > @after
       ORDER BY position LIMIT @limit`,
      'position',
      split === undefined ? { datasetId } : { datasetId, split },
    );
    for (const row of rows) yield toImage(row);
  }

  /** null when there is no such place. */
  at(datasetId: string, position: number): StoredImage | null {
    const row = this.#library.get(
      'SELECT * FROM images WHERE dataset_id = @datasetId AND position = @position',
      { datasetId, position },
    );
    return row === undefined ? null : toImage(row);
  }

  count(datasetId: string): number {
    const row = this.#library.get(
      'SELECT count(*) AS n FROM images WHERE dataset_id = @datasetId',
      {
        datasetId,
      },
    );
    return row === undefined ? 0 : number(row, 'n');
  }
}
