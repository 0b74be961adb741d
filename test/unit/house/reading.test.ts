import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const READING = ['createReadStream', 'open', 'openSync', 'readFile', 'readFileSync'];

/** What a text imports by name from Node's file system. */
function readingIn(text: string): string[] {
  const imports = text.matchAll(/import\s+(?!type)\{([^}]*)\}\s+from\s+'node:fs(?:\/promises)?'/g);
  const names = [...imports].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
  return names.filter((name) => READING.includes(name)).sort();
}

it('files are opened by the functions that refuse pipes and devices; whoever else opens has a reason', () => {
  const found = globSync('main/{cli,engine,formats,host}/**/*.ts', { cwd: ROOT }).flatMap(
    (file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      // As a whole the module could be used to open anything.
      expect(text, file).not.toMatch(/import\s+(\*\s+as\s+)?\w+\s+from\s+'node:fs/);
      const names = readingIn(text);
      return names.length === 0 ? [] : [[file.replaceAll('\\', '/'), ...names]];
    },
  );
  expect(found.sort()).toEqual([
    // Writes what it has made, and reads what `openFileSync` has opened.
    ['main/engine/data/cache-segment.ts', 'openSync', 'readFileSync'],
    ['main/formats/files.ts', 'open', 'openSync'],
    // A log that is written.
    ['main/host/child-engine.ts', 'openSync'],
    // /proc
    ['main/host/jobs/crash.ts', 'readFileSync'],
    ['main/host/owner.ts', 'readFileSync'],
    // The built pages, when the studio is served.
    ['main/host/serve/pages.ts', 'readFile'],
    // /proc and control groups
    ['main/host/services/free-memory.ts', 'readFileSync'],
    // A backup that has just been written.
    ['main/host/store/open-library.ts', 'open'],
    ['main/host/version.ts', 'readFileSync'],
  ]);
});
