import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownMark } from '../../../main/formats/process-mark.ts';
import {
  sweepSystemTemporaries,
  systemTemporaryPrefix,
} from '../../../main/formats/system-temporaries.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'karst-sweep-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HOUR_MS = 3600 * 1000;
const names = (): string[] => readdirSync(folder).sort();
const make = (...made: readonly string[]): void => {
  for (const name of made) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'x'), 'x');
  }
};

/** The mark of a process that has exited. */
function endedMark(): string {
  const module = new URL('../../../main/formats/process-mark.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(module)}).then(({ ownMark }) => console.log(ownMark()))`;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout.trim();
}

it('folders of processes that run no more go, and nothing else', async () => {
  const gone = endedMark();
  const ours = mkdtempSync(systemTemporaryPrefix('uploads'));
  rmSync(ours, { recursive: true });
  const left = [`karst-graph-${gone}.aB3dE6`, `karst-library-${gone}.000000`];
  const kept = [
    basename(ours),
    `karst-previews-${ownMark()}.abcdef`,
    'karst-demo-abcdef',
    `karst-graph-${gone}.abcdefg`,
    `karst-other-${gone}.abcdef`,
    `my-karst-graph-${gone}.abcdef`,
    'karst-graph-abcdef',
  ];
  make(...left, ...kept);
  writeFileSync(join(folder, `karst-graph-${gone}.plain0`), 'a file');
  symlinkSync('karst-demo-abcdef', join(folder, `karst-graph-${gone}.linked`));
  const { removed, problems } = await sweepSystemTemporaries(folder);
  expect(removed.map((path) => basename(path)).sort()).toEqual(left.sort());
  expect(problems).toEqual([]);
  expect(names()).toEqual(
    [...kept, `karst-graph-${gone}.plain0`, `karst-graph-${gone}.linked`].sort(),
  );
});

it('those of earlier versions, which name no process, go when they are older than a day', async () => {
  make('karst-uploads-abcdef', 'karst-previews-ABC123', 'karst-demo-abcdef', 'karst-uploads-abc');
  const now = Date.now();
  const before = (now - 23 * HOUR_MS) / 1000;
  for (const name of names()) utimesSync(join(folder, name), before, before);
  expect((await sweepSystemTemporaries(folder, now)).removed).toEqual([]);
  const { removed } = await sweepSystemTemporaries(folder, now + 2 * HOUR_MS);
  expect(removed.map((path) => basename(path)).sort()).toEqual([
    'karst-previews-ABC123',
    'karst-uploads-abcdef',
  ]);
  expect(names()).toEqual(['karst-demo-abcdef', 'karst-uploads-abc']);
});

it('a folder that is not there is nothing to sweep', async () => {
  const none = { removed: [], problems: [] };
  expect(await sweepSystemTemporaries(join(folder, 'none'))).toEqual(none);
});
