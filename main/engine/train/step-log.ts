import { appendFile } from 'node:fs/promises';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readTextFile, writeError, writeFileAtomic } from '../../formats/files.ts';

/** A record with its training step. */
interface AtStep {
  readonly step: number;
}

/** A JSON-lines file of a run, ordered by step: `metrics.jsonl`, `samples.jsonl`. */
export class StepLog<T extends AtStep> {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws not-writable */
  async append(record: T): Promise<void> {
    await appendFile(this.path, `${JSON.stringify(record)}\n`).catch((error: unknown) => {
      throw writeError(this.path, error);
    });
  }

  /**
   * Removes the records after `step`, which a resumed run repeats. Invalid lines (disk fault,
   * manual edit) are dropped as well.
   * @param onDamaged called once with the numbers of the invalid lines, from 1
   * @throws not-readable, not-writable
   */
  async truncateAfter(step: number, onDamaged: (lines: readonly number[]) => void): Promise<void> {
    const text = await readTextFile(this.path).catch((error: unknown) => {
      if (error instanceof KarstError && error.code === 'not-found') return '';
      throw error;
    });
    const damaged: number[] = [];
    // A crash can leave a partial last line, which is not damage: only complete lines count.
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    const kept = lines.filter((line, index) => {
      if (line === '') return false;
      const at = stepOf(line);
      if (at === null) damaged.push(index + 1);
      return at !== null && at <= step;
    });
    await writeFileAtomic(this.path, kept.map((line) => `${line}\n`).join(''));
    if (damaged.length > 0) onDamaged(damaged);
  }
}

/** Returns the step of a line; null if the line is not a record. */
function stepOf(line: string): number | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const { step } = typeof value === 'object' && value !== null ? (value as Partial<AtStep>) : {};
  return typeof step === 'number' ? step : null;
}
