import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildKillPoint,
  KILL_POINTS,
  killingAt,
  readTrace,
  tracingTo,
  turnsOf,
  type KillPoint,
} from '../../fixtures/faults/kill-point.ts';

/** Writes ten bytes twice, syncs and renames, like the studio. */
const SCRIPT = `
const fs = require('node:fs');
const [temporary, target] = process.argv.slice(1);
const handle = fs.openSync(temporary, 'w');
fs.writeSync(handle, '0123456789');
fs.writeSync(handle, 'abcdefghij');
fs.fsyncSync(handle);
fs.renameSync(temporary, target);
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'karst-kill-point-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe.runIf(process.platform === 'linux' && hasCompiler())('the kill point', () => {
  it.each<[KillPoint, number, string]>([
    ['before-write', 2, '.a.tmp 0123456789'],
    ['within-write', 2, '.a.tmp 0123456789abcde'],
    ['after-write', 1, '.a.tmp 0123456789'],
    ['before-sync', 1, '.a.tmp 0123456789abcdefghij'],
    ['after-sync', 1, '.a.tmp 0123456789abcdefghij'],
    ['before-rename', 1, '.a.tmp 0123456789abcdefghij'],
    ['after-rename', 1, 'a 0123456789abcdefghij'],
  ])('%s leaves what there is at that moment', (point, turn, left) => {
    const library = buildKillPoint(folder);
    const path = `^${folder}/([.]a[.]tmp|a)$`;
    const { signal } = run({ ...killingAt(library, { point, path, turn }) });
    expect(signal).toBe('SIGKILL');
    const names = readdirSync(folder).filter((name) => !name.endsWith('.so'));
    expect(names.map((name) => `${name} ${readFileSync(join(folder, name), 'utf8')}`)).toEqual([
      left,
    ]);
  });

  it('lets everything pass that does not match, and tells what it saw', () => {
    const library = buildKillPoint(folder);
    const file = join(folder, 'trace');
    const killing = { point: 'after-rename', path: 'other$', turn: 1 } as const;
    const { status } = run({ ...killingAt(library, killing), ...tracingTo(library, file) });
    expect(status).toBe(0);
    const calls = readTrace(file).filter(
      ({ path }) => path.startsWith(folder) || !path.startsWith('/'),
    );
    expect(calls.map(({ call }) => call)).toEqual(['write', 'write', 'sync', 'rename']);
    expect(turnsOf(calls, 'write', /[.]a[.]tmp$/)).toBe(2);
    expect(turnsOf(calls, 'write', /other/)).toBe(0);
  });

  it('has a name for every moment of a call', () => {
    expect(new Set(KILL_POINTS).size).toBe(7);
  });
});

function run(env: NodeJS.ProcessEnv) {
  const script = [process.execPath, '-e', SCRIPT, join(folder, '.a.tmp'), join(folder, 'a')];
  // A separate process group, because the whole group is killed.
  return spawnSync('setsid', script, {
    env: { ...process.env, NODE_COMPILE_CACHE: undefined, ...env },
  });
}

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
