import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const READING = ['createReadStream', 'open', 'openSync', 'readFile', 'readFileSync'];

/** Who may open by itself what is no path of a user's, or opens to write. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // Writes what it has made, and reads what `openFileSync` has opened.
  'main/engine/data/cache-segment.ts': ['openSync', 'readFileSync'],
  // A file that it writes, to see whether the cache takes any.
  'main/engine/runtime/compile-cache.ts': ['open'],
  'main/formats/files.ts': ['open', 'openSync'],
  // The decoder's own code, from its package.
  'main/formats/heif.ts': ['readFileSync'],
  // /proc
  'main/formats/process-mark.ts': ['readFileSync'],
  // A log that is written.
  'main/host/engine/child-engine.ts': ['openSync'],
  // /proc
  'main/host/engine/crash.ts': ['readFileSync'],
  // The built pages, when the studio is served.
  'main/host/serve/pages.ts': ['readFile'],
  // /proc and control groups
  'main/host/services/planning/free-memory.ts': ['readFileSync'],
  // A backup that has just been written.
  'main/host/store/open-library.ts': ['open'],
  // package.json
  'main/host/version.ts': ['readFileSync'],
};

/** What a text imports by name from Node's file system that opens files. */
function readingIn(text: string): string[] {
  const imports = text.matchAll(/import\s+(?!type)\{([^}]*)\}\s+from\s+'node:fs(?:\/promises)?'/g);
  const names = [...imports].flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
  return names.filter((name) => READING.includes(name.replace(/\s+as\s.*/, ''))).sort();
}

it('files are opened by the functions that refuse pipes and devices; whoever else opens has a reason', () => {
  const files = globSync('main/{cli,engine,formats,host}/**/*.ts', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(100);
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    // As a whole the module could be used to open anything.
    expect(text, file).not.toMatch(/import\s+(\*\s+as\s+)?\w+\s+from\s+'node:fs/);
    const allowed = ALLOWED[file.replaceAll('\\', '/')] ?? [];
    expect(
      readingIn(text).filter((name) => !allowed.includes(name)),
      `${file} opens by itself: main/formats/files.ts has openFile, readTextFile and the like`,
    ).toEqual([]);
  }
});
