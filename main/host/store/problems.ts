import type { DatasetProblem } from '../../../shared/domain/library.ts';
import { FINDING_KINDS } from '../../../shared/domain/problem-kinds.ts';
import type { Library, Row } from './library.ts';
import { number, numberOrNull, oneOf, text } from './rows.ts';

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

  /** Puts `problems` in the place of those stored whose kind is one of `kinds`. */
  replace(
    datasetId: string,
    kinds: readonly DatasetProblem['kind'][],
    problems: readonly DatasetProblem[],
  ): void {
    this.#library.transaction(() => {
      for (const kind of kinds)
        this.#library.run('DELETE FROM problems WHERE dataset_id = @datasetId AND kind = @kind', {
          datasetId,
          kind,
        });
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

  page(
    datasetId: string,
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): { total: number; problems: DatasetProblem[] } {
    const row = this.#library.get(
      'SELECT count(*) AS n FROM problems WHERE dataset_id = @datasetId',
      { datasetId },
    );
    return {
      total: row === undefined ? 0 : number(row, 'n'),
      problems: this.#library
        .all(
          `SELECT * FROM problems WHERE dataset_id = @datasetId
           ORDER BY position LIMIT @limit OFFSET @offset`,
          { datasetId, offset, limit },
        )
        .map(toProblem),
    };
  }
}
