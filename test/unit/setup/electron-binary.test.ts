import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  electronProblem,
  OLDEST_ELECTRON,
  versionOf,
} from '../../../main/setup/electron-binary.mjs';
import { temporaryFolder } from './temporary.ts';

/** An Electron folder that contains only the version file. */
function electronOf(version: string | null): string {
  const folder = join(temporaryFolder(), 'electron');
  mkdirSync(folder);
  if (version !== null) writeFileSync(join(folder, 'version'), `${version}\n`);
  return join(folder, 'electron');
}

it('says the version of an Electron, as npm and GitHub write it', () => {
  expect(['45.1.0', 'v9.4.1', null].map((version) => versionOf(electronOf(version)))).toEqual([
    '45.1.0',
    '9.4.1',
    null,
  ]);
});

it('refuses the window in an Electron that is too old for it, with both versions', () => {
  const old = electronProblem(electronOf('9.4.1'));
  expect(old).toMatch(/^the Electron in .+ is version 9\.4\.1, and the studio needs \d+ or newer$/);
  const just = `${String(OLDEST_ELECTRON)}.0.0`;
  expect(['45.1.0', just, null].map((version) => electronProblem(electronOf(version)))).toEqual([
    null,
    null,
    null,
  ]);
});
