import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const READING = ['createReadStream', 'open', 'openSync', 'readFile', 'readFileSync'];

/** Modules that may open files directly: paths not given by users, or files to write. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // Writes its own segments, and reads what `openFileSync` has opened.
  'main/engine/data/cache-segment.ts': ['openSync', 'readFileSync'],
  // Writes a file to test whether the cache is writable.
  'main/engine/runtime/compile-cache.ts': ['open'],
  'main/formats/files.ts': ['open', 'openSync'],
  // The decoder's code, from its package.
  'main/formats/heif.ts': ['readFileSync'],
  // /proc
  'main/formats/process-mark.ts': ['readFileSync'],
  // A log file that it writes.
  'main/host/engine/child-engine.ts': ['openSync'],
  // /proc
  'main/host/engine/crash.ts': ['readFileSync'],
  // The built pages, when serving.
  'main/host/serve/pages.ts': ['readFile'],
  // /proc and control groups
  'main/host/services/planning/free-memory.ts': ['readFileSync'],
  // A newly written backup.
  'main/host/store/open-library.ts': ['open'],
  // package.json
  'main/host/version.ts': ['readFileSync'],
};

/** Names imported by a text from Node's file system modules that open files. */
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
    // The whole module must not be imported, since it could open anything.
    expect(text, file).not.toMatch(/import\s+(\*\s+as\s+)?\w+\s+from\s+'node:fs/);
    const allowed = ALLOWED[file.replaceAll('\\', '/')] ?? [];
    expect(
      readingIn(text).filter((name) => !allowed.includes(name)),
      `${file} opens by itself: main/formats/files.ts has openFile, readTextFile and the like`,
    ).toEqual([]);
  }
});
