import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { karst, LAUNCHER, someDigits, workplace } from './karst.ts';

/** Prints bash's completions for the last word; the words are the arguments from $3 on. */
const IN_BASH = `
karst() { "$NODE" "$LAUNCHER" "$@"; }
source <(karst completion bash)
COMP_WORDS=(karst "$@")
COMP_CWORD=$#
COMP_LINE="\${COMP_WORDS[*]}"
COMP_POINT=\${#COMP_LINE}
_karst_completion
printf '%s\\n' "\${COMPREPLY[@]}"
`;
const possible = spawnSync('bash', ['-c', 'true']).status === 0;

let folder: string;
let home: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  someDigits(path.join(folder, 'digits'), 2, 5);
  for (const name of ['some', 'some more', 'others'])
    await karst(['dataset', 'add', path.join(folder, 'digits'), '--name', name, '--home', home]);
});
afterAll(() => remove());

function offered(...words: string[]): string[] {
  const env = { ...process.env, NODE: process.execPath, LAUNCHER, KARST_HOME: home };
  return execFileSync('bash', ['-c', IN_BASH, 'bash', ...words], { env, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

describe('completion', () => {
  it.skipIf(!possible)('offers commands, options, choices and names to bash', () => {
    expect(offered('data')).toEqual(['dataset']);
    expect(offered('dataset', 'sh')).toEqual(['show']);
    expect(offered('dataset', 'show', 'so')).toEqual(['some', 'some\\ more']);
    expect(offered('export', 'x', '--format', 'k')).toEqual(['karst']);
    expect(offered('train', '--back')).toEqual(['--backbone']);
    // File paths are completed by bash itself.
    expect(offered('dataset', 'add', '')).toEqual([]);
  });

  it('has a script for every shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish', 'pwsh']) {
      const { code, out } = await karst(['completion', shell]);
      expect(code).toBe(0);
      expect(out).toMatch(/^.* completion-server.*$/m);
      expect(out.split('\n').length).toBeGreaterThan(10);
    }
  });
});
