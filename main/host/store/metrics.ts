import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import type { Library } from './library.ts';
import { number, text } from './rows.ts';

/** Table `metrics`. */
export class MetricRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** A step reported again after a resume replaces the earlier report. */
  insert(runId: string, record: MetricRecord): void {
    const train = record.kind === 'train' ? record : null;
    this.#library.run(
      `INSERT OR REPLACE INTO metrics (run_id, step, kind, epoch, loss, top1, learning_rate, gradient_norm,
         images_per_second, waiting, best)
       VALUES (@runId, @step, @kind, @epoch, @loss, @top1, @learningRate, @gradientNorm,
         @imagesPerSecond, @waiting, @best)`,
      {
        runId,
        step: record.step,
        kind: record.kind,
        epoch: record.epoch,
        loss: record.loss,
        top1: record.top1,
        learningRate: train?.learningRate ?? null,
        gradientNorm: train?.gradientNorm ?? null,
        imagesPerSecond: train?.imagesPerSecond ?? null,
        waiting: train?.waiting ?? null,
        best: record.kind === 'validation' ? Number(record.best) : null,
      },
    );
  }

  /** Removes reports from `step` on: the run has resumed from an earlier checkpoint. */
  removeFrom(runId: string, step: number): void {
    this.#library.run('DELETE FROM metrics WHERE run_id = @runId AND step >= @step', {
      runId,
      step,
    });
  }

  /**
   * The records after a step, oldest first: all, or up to a limit plus the rest of the last one's
   * step.
   */
  list(runId: string, afterStep = 0, limit: number | null = null): MetricRecord[] {
    const last =
      limit === null
        ? ''
        : `AND step <= coalesce((SELECT step FROM metrics WHERE run_id = @runId AND step > @afterStep
             ORDER BY step, kind LIMIT 1 OFFSET @before), ${Number.MAX_SAFE_INTEGER})`;
    return this.#library
      .all(
        `SELECT * FROM metrics WHERE run_id = @runId AND step > @afterStep ${last} ORDER BY step, kind`,
        { runId, afterStep, ...(limit === null ? {} : { before: limit - 1 }) },
      )
      .map((row) => {
        const common = {
          step: number(row, 'step'),
          epoch: number(row, 'epoch'),
          loss: number(row, 'loss'),
          top1: number(row, 'top1'),
        };
        return text(row, 'kind') === 'train'
          ? {
              kind: 'train',
              ...common,
              learningRate: number(row, 'learning_rate'),
              gradientNorm: number(row, 'gradient_norm'),
              imagesPerSecond: number(row, 'images_per_second'),
              waiting: number(row, 'waiting'),
            }
          : { kind: 'validation', ...common, best: number(row, 'best') === 1 };
      });
  }
}
