import { existsSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  importedAtRunTime,
  setupAtRunTime,
  studioFiles,
} from '../../../main/electron/packaged-files.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

describe('what is packaged of the set-up', () => {
  const files = setupAtRunTime(ROOT);

  it('is what the host, the engine and the command line import, and what that imports', () => {
    expect(files).toEqual(expect.arrayContaining(['main/native/cache-folder.mjs']));
    expect(files).toEqual(expect.arrayContaining(['main/native/node-runtime.mjs']));
    // Imported by kernels-addon.mjs alone, over several lines.
    expect(files).toEqual(expect.arrayContaining(['main/native/addon.mjs']));
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it.each(['bootstrap', 'npm-packages', 'wheel', 'tensorflow-runtime', 'start-studio', 'display'])(
    'leaves %s.mjs out, which installs or opens a checkout',
    (name) => {
      expect(existsSync(join(ROOT, 'main', 'native', `${name}.mjs`))).toBe(true);
      expect(files).not.toContain(`main/native/${name}.mjs`);
    },
  );

  it('holds every module that a packaged one imports', () => {
    const imported = importedAtRunTime(ROOT);
    expect(imported).toContain('main/graph/program.ts');
    const taken = studioFiles(ROOT).filter((pattern) => !pattern.startsWith('!'));
    const missing = imported.filter((file) => !taken.some((pattern) => matchesGlob(file, pattern)));
    expect(missing).toEqual([]);
  });

  it('takes no folder as a whole that tests, packaging or set-up lie in', () => {
    for (const pattern of studioFiles(ROOT))
      expect(pattern).not.toMatch(/^(\*|main\/\*|main\/native\/\*|main\/electron|test)/);
  });
});
