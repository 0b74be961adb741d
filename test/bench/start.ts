import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { measureFirstSteps } from './start-run.ts';
import { measureWindows } from './start-window.ts';
import { timeQuietly, type Timed } from './quiet-time.ts';
import { median, spread } from './statistics.ts';
import { markdownTable, type Section } from './table.ts';

/** Time until something has started. */
export interface StartRow {
  readonly what: string;
  readonly medianSeconds: number;
  /** (max − min) ÷ median. */
  readonly spread: number;
  readonly repeats: number;
}

const KARST = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const REPEATS = 9;
/** Target times in milliseconds, by the beginning of the row's name. */
const AIMS: readonly (readonly [string, number])[] = [
  ['`karst --help`', 150],
  ['`karst adapter list`', 300],
  ['desktop window', 2000],
  ['served studio', 2000],
  ['first step of a second run', 5000],
];
const run = promisify(execFile);

/**
 * Measures commands that only answer, both windows, and the first step of a run that repeats an
 * earlier one.
 */
export async function measureStart(
  python: () => Promise<string>,
  say: (line: string) => void,
): Promise<Section> {
  const rows: StartRow[] = [];
  const timed = (what: string, seconds: readonly number[]): void => {
    say(`${what}: ${(1000 * median(seconds)).toFixed(0)} ms`);
    const figures = { medianSeconds: median(seconds), spread: spread(seconds) };
    rows.push({ what, ...figures, repeats: seconds.length });
  };
  await measureCommands(timed);
  await measureWindows(timed, say);
  await measureFirstSteps(await python(), timed);
  return { results: rows, markdown: startTable(rows) };
}

export function startTable(rows: readonly StartRow[]): string {
  const lines = rows.map(({ what, medianSeconds, spread, repeats }) => {
    const aim = AIMS.find(([beginning]) => what.startsWith(beginning))?.[1];
    return [
      what,
      `${(1000 * medianSeconds).toFixed(0)} ms ± ${(50 * spread).toFixed(0)} %`,
      aim === undefined ? '' : `${String(aim)} ms`,
      String(repeats),
    ];
  });
  return markdownTable(['', 'median', 'aim', 'times'], lines);
}

/** In a home that has been opened before; the first start is excluded. */
async function measureCommands(timed: Timed): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    await run(process.execPath, [KARST, '--home', home, 'adapter', 'list']);
    for (const words of [['--help'], ['adapter', 'list'], ['backbone', 'list']]) {
      const seconds: number[] = [];
      for (let i = 0; i < REPEATS; i++)
        seconds.push(
          await timeQuietly(() => run(process.execPath, [KARST, '--home', home, ...words])),
        );
      timed(`\`karst ${words.join(' ')}\``, seconds);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
