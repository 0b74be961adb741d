import { appendFile } from 'node:fs/promises';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readTextFile, writeError, writeFileAtomic } from '../../formats/files.ts';

/** What a line of such a file is about. */
interface AtStep {
  readonly step: number;
}

/** A file of a run with one record a line, in the order of steps: `metrics.jsonl`, `samples.jsonl`. */
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
   * Forgets what was recorded after `step`: a resumed run goes through these steps again. Lines that are no records
   * (a disk that failed, a hand that edited) are left out of the new file; what follows from the checkpoint is whole.
   * @param onDamaged told once, with the numbers of such lines from 1
   * @throws not-readable, not-writable
   */
  async truncateAfter(step: number, onDamaged: (lines: readonly number[]) => void): Promise<void> {
    const text = await readTextFile(this.path).catch((error: unknown) => {
      if (error instanceof KarstError && error.code === 'not-found') return '';
      throw error;
    });
    const damaged: number[] = [];
    // After a crash the last line can be half a record: only whole lines count, and half a line is no damage.
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

/** The step of a line; null when the line is no record. */
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
