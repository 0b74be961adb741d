import type { Split } from '../../../shared/domain/dataset.ts';
import type { Evaluation } from '../../../shared/domain/metrics.ts';
import type { StoredEvaluation } from '../../../shared/domain/library.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { NOT_BINNED } from './bin.ts';
import type { Library, Row } from './library.ts';
import { json, number, numberOrNull, text } from './rows.ts';

/** The result for one image; classes are indices of those in `perClass`. */
export interface EvaluatedImage {
  /** Position in the dataset. */
  readonly position: number;
  readonly truth: number;
  /** Top-1 prediction and its probability; null for an unreadable file. */
  readonly predicted: number | null;
  readonly probability: number | null;
}

export interface EvaluatedFile extends EvaluatedImage {
  readonly path: string;
  /** Whether its class was changed, or it was excluded, since. */
  readonly corrected: boolean;
}

/** The present labels in the dataset of the evaluated classes; null for one that is gone. */
export type TruthLabels = readonly (number | null)[];

/** Of an image `i` and its result `e`; a class that is gone cannot tell. */
const CORRECTED = `(i.excluded
  OR coalesce(i.label <> json_extract(@labels, '$[' || e.truth || ']'), 0))`;

export interface EvaluatedFilter {
  readonly truth: number | null;
  readonly predicted: number | null;
  /** Only images of one class predicted as another. */
  readonly mistakes: boolean;
}

/** The column `evaluation`; earlier versions stored no notes. */
type Evaluated = Evaluation & Partial<Pick<StoredEvaluation, 'classNotes'>>;

/** Those on datasets that are not in the bin. */
const EVALUATIONS = `SELECT e.*, d.task FROM evaluations e
  JOIN datasets d ON d.id = e.dataset_id AND d.${NOT_BINNED}`;

function toEvaluation(row: Row): StoredEvaluation {
  const { classNotes = [], ...evaluation } = json<Evaluated>(row, 'evaluation');
  return {
    id: text(row, 'id'),
    adapterId: text(row, 'adapter_id'),
    datasetId: text(row, 'dataset_id'),
    split: text(row, 'split') as Split,
    task: text(row, 'task'),
    evaluation,
    classNotes,
    createdAt: text(row, 'created_at'),
  };
}

/** Tables `evaluations` and `evaluation_images`. */
export class EvaluationRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(e: StoredEvaluation, images: Iterable<EvaluatedImage>): void {
    const { id, adapterId, datasetId, split, createdAt, classNotes } = e;
    const evaluated: Evaluated = { ...e.evaluation, classNotes };
    this.#library.transaction(() => {
      this.#library.run(
        `INSERT INTO evaluations (id, adapter_id, dataset_id, split, evaluation, created_at)
         VALUES (@id, @adapterId, @datasetId, @split, @evaluation, @createdAt)`,
        { id, adapterId, datasetId, split, createdAt, evaluation: JSON.stringify(evaluated) },
      );
      for (const image of images)
        this.#library.run(
          `INSERT INTO evaluation_images (evaluation_id, position, truth, predicted, probability)
           VALUES (@evaluationId, @position, @truth, @predicted, @probability)`,
          { evaluationId: id, ...image },
        );
    });
  }

  of(adapterId: string): StoredEvaluation[] {
    return this.#library
      .all(`${EVALUATIONS} WHERE e.adapter_id = @adapterId ORDER BY e.created_at, e.id`, {
        adapterId,
      })
      .map(toEvaluation);
  }

  /** Number of those in `list` on one split of a dataset. */
  count(datasetId: string, split: Split): number {
    const row = this.#library.get(
      `SELECT count(*) AS n FROM evaluations
       WHERE dataset_id = @datasetId AND split = @split AND adapter_id NOT IN (SELECT id FROM bin)`,
      { datasetId, split },
    );
    return row === undefined ? 0 : number(row, 'n');
  }

  /** Those of all adapters that are not in the bin, oldest first. */
  list(): StoredEvaluation[] {
    return this.#library
      .all(
        `${EVALUATIONS} WHERE e.adapter_id NOT IN (SELECT id FROM bin)
         ORDER BY e.created_at, e.id`,
      )
      .map(toEvaluation);
  }

  /** @throws not-found */
  get(id: string): StoredEvaluation {
    const row = this.#library.get(
      `${EVALUATIONS} WHERE e.id = @id AND e.adapter_id NOT IN (SELECT id FROM bin)`,
      { id },
    );
    if (row !== undefined) return toEvaluation(row);
    throw new KarstError('not-found', `There is no evaluation "${id}" in the library.`, {
      hint: 'Its adapter or its dataset may have been removed; see the bin.',
    });
  }

  /** Number of its images that were corrected since. */
  corrected({ id: evaluationId, datasetId }: StoredEvaluation, labels: TruthLabels): number {
    const row = this.#library.get(
      `SELECT count(*) AS n FROM evaluation_images e
       JOIN images i ON i.dataset_id = @datasetId AND i.position = e.position
       WHERE e.evaluation_id = @evaluationId AND ${CORRECTED}`,
      { evaluationId, datasetId, labels: JSON.stringify(labels) },
    );
    return row === undefined ? 0 : number(row, 'n');
  }

  /**
   * Its images with their files, most confident predictions first, those without a prediction last.
   */
  images(
    evaluation: StoredEvaluation,
    labels: TruthLabels,
    filter: EvaluatedFilter,
    page: { readonly offset: number; readonly limit: number },
  ): { total: number; images: EvaluatedFile[] } {
    const { id: evaluationId, datasetId } = evaluation;
    const { truth, predicted, mistakes } = filter;
    const where = [
      'e.evaluation_id = @evaluationId',
      ...(truth === null ? [] : ['e.truth = @truth']),
      ...(predicted === null ? [] : ['e.predicted = @predicted']),
      ...(mistakes ? ['e.predicted <> e.truth'] : []),
    ].join(' AND ');
    const parameters = {
      evaluationId,
      ...(truth === null ? {} : { truth }),
      ...(predicted === null ? {} : { predicted }),
    };
    const counted = this.#library.get(
      `SELECT count(*) AS n FROM evaluation_images e WHERE ${where}`,
      parameters,
    );
    // Select the page first, so that only its files are looked up.
    const rows = this.#library.all(
      `SELECT e.*, i.path, ${CORRECTED} AS corrected FROM (
         SELECT position, truth, predicted, probability FROM evaluation_images e
         WHERE ${where} ORDER BY probability DESC, position LIMIT @limit OFFSET @offset
       ) e JOIN images i ON i.dataset_id = @datasetId AND i.position = e.position
       ORDER BY e.probability DESC, e.position`,
      { ...parameters, ...page, datasetId, labels: JSON.stringify(labels) },
    );
    return {
      total: counted === undefined ? 0 : number(counted, 'n'),
      images: rows.map((row) => ({
        position: number(row, 'position'),
        truth: number(row, 'truth'),
        predicted: numberOrNull(row, 'predicted'),
        probability: numberOrNull(row, 'probability'),
        path: text(row, 'path'),
        corrected: number(row, 'corrected') === 1,
      })),
    };
  }
}
