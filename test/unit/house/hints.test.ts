import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Specific to the command line: the server of `karst serve`, and hints for the user who started it.
 */
const OF_THE_COMMAND_LINE = ['main/host/serve/listen.ts', 'main/host/procedures/shell.ts'];

it('hints that a window may show name no option of the command line', () => {
  const found: string[] = [];
  for (const folder of ['main/host', 'main/formats', 'main/engine', 'main/hub'])
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      const file = `${folder}/${name.replaceAll('\\', '/')}`;
      if (!file.endsWith('.ts') || OF_THE_COMMAND_LINE.includes(file)) continue;
      for (const line of readFileSync(join(ROOT, file), 'utf8').split('\n'))
        if (/\b(?:with|say|give|Say|Give) --[a-z]|\(--[a-z]|hint: .*\s--[a-z]/.test(line))
          found.push(`${file}: ${line.trim()}`);
    }
  expect(found).toEqual([]);
});
