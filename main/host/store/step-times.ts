import type { Library } from './library.ts';
import { now, number } from './rows.ts';

/** Times of a few steps with some settings on this machine. */
export interface StepTimes {
  readonly secondsPerStep: number;
  readonly secondsPerValidationBatch: number;
  readonly startSeconds: number;
  readonly peakBytes: number;
}

/** Table `step_times`. */
export class StepTimeRepository {
  readonly #library: Library;
  constructor(library: Library) {
    this.#library = library;
  }

  /** Replaces earlier times under that key. */
  put(key: string, times: StepTimes): void {
    const { secondsPerStep, secondsPerValidationBatch, startSeconds, peakBytes } = times;
    this.#library.run(
      `INSERT OR REPLACE INTO step_times
         (key, seconds_per_step, seconds_per_validation_batch, start_seconds, peak_bytes, measured_at)
       VALUES (@key, @secondsPerStep, @secondsPerValidationBatch, @startSeconds, @peakBytes, @at)`,
      { key, secondsPerStep, secondsPerValidationBatch, startSeconds, peakBytes, at: now() },
    );
  }

  get(key: string): StepTimes | null {
    const row = this.#library.get('SELECT * FROM step_times WHERE key = @key', { key });
    if (row === undefined) return null;
    return {
      secondsPerStep: number(row, 'seconds_per_step'),
      secondsPerValidationBatch: number(row, 'seconds_per_validation_batch'),
      startSeconds: number(row, 'start_seconds'),
      peakBytes: number(row, 'peak_bytes'),
    };
  }
}
