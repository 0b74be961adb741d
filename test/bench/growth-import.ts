import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { homeFolders } from '../../main/host/home.ts';
import { waitForQuiet } from './machine.ts';
import { writeManyImages } from './many-images.ts';
import { markdownTable, type Section } from './table.ts';

/** Cost of importing this many image files. */
export interface ImportRow {
  readonly files: number;
  readonly seconds: number;
  readonly millisecondsPerFile: number;
  /**
   * Resident memory of the process with all its threads before the import; `peakMiB` is its peak.
   */
  readonly restMiB: number;
  readonly peakMiB: number;
  readonly libraryMiB: number;
}

const COUNTS = [1_000, 10_000, 100_000];
const PATIENCE_MS = 60_000;
const SUBJECT = fileURLToPath(new URL('growth-import-subject.ts', import.meta.url));
const answer = v.object({
  ...{ seconds: v.number(), images: v.number(), problems: v.number() },
  ...{ restMiB: v.number(), peakMiB: v.number() },
});
const run = promisify(execFile);

export async function measureImport(say: (line: string) => void): Promise<Section> {
  const rows: ImportRow[] = [];
  for (const files of COUNTS) {
    const row = await measureAt(files);
    say(
      `${files.toLocaleString('en')} files: ${row.seconds.toFixed(1)} s, ${row.peakMiB.toFixed(0)} MiB`,
    );
    rows.push(row);
  }
  const markdown = markdownTable(
    ['image files', 'import', 'a file', 'memory before', 'peak memory', 'library on disk'],
    rows.map((row) => [
      row.files.toLocaleString('en'),
      `${row.seconds.toFixed(1)} s`,
      `${row.millisecondsPerFile.toFixed(2)} ms`,
      ...[row.restMiB, row.peakMiB, row.libraryMiB].map((mib) => `${mib.toFixed(0)} MiB`),
    ]),
  );
  return { results: rows, markdown };
}

async function measureAt(files: number): Promise<ImportRow> {
  const work = mkdtempSync(join(tmpdir(), 'karst-bench-'));
  try {
    const folder = join(work, 'images');
    await writeManyImages(folder, files);
    const home = join(work, 'home');
    await waitForQuiet(PATIENCE_MS);
    const { stdout } = await run(process.execPath, [SUBJECT, home, folder]);
    const { seconds, images, problems, restMiB, peakMiB } = v.parse(answer, JSON.parse(stdout));
    if (images !== files || problems !== 0)
      throw new Error(`of ${String(files)} images ${String(images)} were imported`);
    return {
      ...{ files, seconds, millisecondsPerFile: (1000 * seconds) / files, restMiB, peakMiB },
      libraryMiB: statSync(homeFolders(home).library).size / 2 ** 20,
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
