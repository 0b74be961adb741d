import type { Split } from '../../../shared/domain/dataset.ts';
import type { StoredEvaluation } from '../../../shared/domain/library.ts';
import type { Library } from './library.ts';
import { json, text } from './rows.ts';

/** Table `evaluations`. */
export class EvaluationRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  insert(e: StoredEvaluation): void {
    this.#library.run(
      `INSERT INTO evaluations (id, adapter_id, dataset_id, split, evaluation, created_at)
       VALUES (@id, @adapterId, @datasetId, @split, @evaluation, @createdAt)`,
      { ...e, evaluation: JSON.stringify(e.evaluation) },
    );
  }

  of(adapterId: string): StoredEvaluation[] {
    return this.#library
      .all('SELECT * FROM evaluations WHERE adapter_id = @adapterId ORDER BY created_at, id', {
        adapterId,
      })
      .map((row) => ({
        id: text(row, 'id'),
        adapterId: text(row, 'adapter_id'),
        datasetId: text(row, 'dataset_id'),
        split: text(row, 'split') as Split,
        evaluation: json(row, 'evaluation'),
        createdAt: text(row, 'created_at'),
      }));
  }
}
