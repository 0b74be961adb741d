import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitForQuiet } from './machine.ts';
import { median, spread } from './statistics.ts';

/** How long one waits for a command that only answers. */
export interface StartRow {
  readonly what: string;
  readonly medianSeconds: number;
  readonly spread: number;
  readonly repeats: number;
}

const KARST = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const REPEATS = 9;
const PATIENCE_MS = 30_000;
const run = promisify(execFile);

/** In a home that was opened before, as every time but the first. */
export async function measureStart(say: (line: string) => void): Promise<StartRow[]> {
  const home = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    await run(process.execPath, [KARST, '--home', home, 'adapter', 'list']);
    const rows: StartRow[] = [];
    for (const words of [['--help'], ['adapter', 'list'], ['backbone', 'list']]) {
      const seconds: number[] = [];
      for (let i = 0; i < REPEATS; i++) {
        await waitForQuiet(PATIENCE_MS);
        const began = performance.now();
        await run(process.execPath, [KARST, '--home', home, ...words]);
        seconds.push((performance.now() - began) / 1000);
      }
      const what = `karst ${words.join(' ')}`;
      say(`${what}: ${(1000 * median(seconds)).toFixed(0)} ms`);
      rows.push({
        what,
        medianSeconds: median(seconds),
        spread: spread(seconds),
        repeats: REPEATS,
      });
    }
    return rows;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
