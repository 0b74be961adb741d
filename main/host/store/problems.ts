import type { DatasetProblem } from '../../../shared/domain/library.ts';
import {
  FINDING_KINDS,
  NOTE_KINDS,
  type FindingKind,
} from '../../../shared/domain/problem-kinds.ts';
import type { Library, Row } from './library.ts';
import { number, numberOrNull, oneOf, text } from './rows.ts';

/** Column value: 1 for a note. */
const IS_NOTE = `(kind IN (${NOTE_KINDS.map((kind) => `'${kind}'`).join(', ')}))`;

export interface ProblemPage {
  /** Problems and notes. */
  readonly total: number;
  readonly notes: number;
  readonly problems: DatasetProblem[];
}

function toProblem(row: Row): DatasetProblem {
  const line = numberOrNull(row, 'line');
  return {
    kind: oneOf(row, 'kind', FINDING_KINDS),
    path: text(row, 'path'),
    reason: text(row, 'reason'),
    ...(line === null ? {} : { line }),
  };
}

/** Table `problems`: what import and check found, by dataset. */
export class ProblemRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Replaces the stored problems of the given `kinds` with `problems`. */
  replace(
    datasetId: string,
    kinds: readonly FindingKind[],
    problems: readonly DatasetProblem[],
  ): void {
    this.#replace(datasetId, kinds, problems, '');
  }

  /** The same for problems of images only: those of folders and names without an image stay. */
  replaceOfImages(
    datasetId: string,
    kinds: readonly FindingKind[],
    problems: readonly DatasetProblem[],
  ): void {
    const ofImages = 'AND path IN (SELECT path FROM images WHERE dataset_id = @datasetId)';
    this.#replace(datasetId, kinds, problems, ofImages);
  }

  #replace(
    datasetId: string,
    kinds: readonly FindingKind[],
    problems: readonly DatasetProblem[],
    condition: string,
  ): void {
    this.#library.transaction(() => {
      for (const kind of kinds)
        this.#library.run(
          `DELETE FROM problems WHERE dataset_id = @datasetId AND kind = @kind ${condition}`,
          { datasetId, kind },
        );
      const row = this.#library.get(
        'SELECT coalesce(max(position), -1) AS last FROM problems WHERE dataset_id = @datasetId',
        { datasetId },
      );
      let position = row === undefined ? -1 : number(row, 'last');
      for (const { kind, path, line, reason } of problems)
        this.#library.run(
          `INSERT INTO problems (dataset_id, position, kind, path, line, reason)
           VALUES (@datasetId, @position, @kind, @path, @line, @reason)`,
          { datasetId, position: ++position, kind, path, line: line ?? null, reason },
        );
    });
  }

  list(datasetId: string): DatasetProblem[] {
    return this.#library
      .all('SELECT * FROM problems WHERE dataset_id = @datasetId ORDER BY position', { datasetId })
      .map(toProblem);
  }

  /** Problems, then notes, each in stored order. */
  page(
    datasetId: string,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): ProblemPage {
    const row = this.#library.get(
      `SELECT count(*) AS n, coalesce(sum(${IS_NOTE}), 0) AS notes
       FROM problems WHERE dataset_id = @datasetId`,
      { datasetId },
    );
    return {
      total: row === undefined ? 0 : number(row, 'n'),
      notes: row === undefined ? 0 : number(row, 'notes'),
      problems: this.#library
        .all(
          `SELECT * FROM problems WHERE dataset_id = @datasetId
           ORDER BY ${IS_NOTE}, position LIMIT @limit OFFSET @offset`,
          { datasetId, offset, limit },
        )
        .map(toProblem),
    };
  }
}
