import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const KARST = fileURLToPath(new URL('../../../main/cli/karst.mjs', import.meta.url));
const WATCH = new URL('../../fixtures/watched-start.mjs', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'karst-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command, which must succeed, and returns the packages and own modules that it loads. */
function loadedBy(...words: string[]): string[] {
  const list = join(folder, 'loaded.json');
  execFileSync(
    process.execPath,
    ['--import', WATCH, KARST, '--home', join(folder, 'home'), ...words],
    {
      env: { ...process.env, KARST_LOADED: list },
    },
  );
  return JSON.parse(readFileSync(list, 'utf8')) as string[];
}

const isOf = (part: string) => (url: string) => url.includes(part);

describe('a short command', () => {
  it('prints help without the host, its library or any command', () => {
    const loaded = loadedBy('--help');
    expect(loaded.filter(isOf('commander')).length).toBeGreaterThan(0);
    for (const part of ['/main/host/services/', 'better-sqlite3', 'valibot', '/commands/'])
      expect(loaded.filter(isOf(part))).toEqual([]);
  });

  it('lists adapters without engine, image or archive code', () => {
    const loaded = loadedBy('adapter', 'list');
    expect(loaded.filter(isOf('better-sqlite3')).length).toBeGreaterThan(0);
    for (const part of ['/main/engine/', '@tensorflow', 'sharp', 'protobufjs'])
      expect(loaded.filter(isOf(part))).toEqual([]);
  });
});
