import { appendFile, readFile } from 'node:fs/promises';
import type { MetricRecord } from '../../../shared/domain/metrics.ts';
import { writeFileAtomic } from '../../formats/files.ts';

/** `metrics.jsonl` of a run: one record a line, steps never repeated. */
export class MetricsLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async append(record: MetricRecord): Promise<void> {
    await appendFile(this.#path, `${JSON.stringify(record)}\n`);
  }

  /** Forgets what was recorded after `step`: a resumed run goes through these steps again. */
  async truncateAfter(step: number): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    // After a crash the last line can be half a record: only whole lines count.
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '');
    const kept = lines.filter((line) => (JSON.parse(line) as MetricRecord).step <= step);
    await writeFileAtomic(this.#path, kept.map((line) => `${line}\n`).join(''));
  }
}
