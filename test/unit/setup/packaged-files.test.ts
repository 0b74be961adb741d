import { matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importedAtRunTime, studioFiles } from '../../../main/setup/packaging/packaged-files.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

describe('what is packaged beside the archive', () => {
  const taken = studioFiles().filter((pattern) => !pattern.startsWith('!'));

  it('holds every module that a packaged one imports', () => {
    const imported = importedAtRunTime(ROOT);
    expect(imported).toContain('main/graph/program.ts');
    expect(imported).toContain('main/platform/cache-folder.mjs');
    const missing = imported.filter((file) => !taken.some((pattern) => matchesGlob(file, pattern)));
    expect(missing).toEqual([]);
  });

  it('takes no folder as a whole that tests, packaging or set-up lie in', () => {
    for (const pattern of taken)
      expect(pattern).not.toMatch(/^(\*|main\/\*|main\/setup|main\/electron|test)/);
  });
});
