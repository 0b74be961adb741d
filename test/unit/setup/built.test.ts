import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtFolder, ensureBuilt, isBuilt } from '../../../main/setup/built.mjs';
import { Progress } from '../../../main/setup/progress.mjs';
import { SetupProblem } from '../../../main/setup/setup-problem.mjs';
import { temporaryFolder } from './temporary.ts';

/** Replaces Vite: copies the page, appends to a log, and fails if the page contains "broken". */
const FAKE_VITE = `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
appendFileSync('builds.log', 'built\\n');
const page = readFileSync('renderer/index.html', 'utf8');
if (page.includes('broken')) { console.error('renderer/index.html:1 it is broken'); process.exit(1); }
const out = process.argv[process.argv.indexOf('--outDir') + 1];
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'index.html'), page);
`;

/** A checkout with a page. */
function checkout(): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'renderer', 'views'), { recursive: true });
  mkdirSync(join(root, 'shared'));
  mkdirSync(join(root, 'node_modules', 'vite', 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'node_modules', 'vite', 'bin', 'vite.js'), FAKE_VITE);
  writeFileSync(join(root, 'vite.config.ts'), '');
  writeFileSync(join(root, 'renderer', 'views', 'Home.vue'), '');
  writeFileSync(join(root, 'renderer', 'index.html'), 'one');
  return root;
}

const quiet = (): Progress => new Progress({ write: () => undefined });
const build = (root: string): Promise<void> =>
  ensureBuilt(root, ['renderer'], process.execPath, quiet());
const page = (root: string): string =>
  readFileSync(join(builtFolder(root, 'renderer'), 'index.html'), 'utf8');
const builds = (root: string): number => {
  const log = join(root, 'builds.log');
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0;
};
/** The visible entries of `dist`. */
const inDist = (root: string): string[] =>
  readdirSync(join(root, 'dist')).filter((name) => !name.startsWith('.'));

describe('the built pages', () => {
  it('are built when they are missing, and then not again', async () => {
    const root = checkout();
    expect(isBuilt(root, 'renderer')).toBe(false);
    await build(root);
    expect(page(root)).toBe('one');
    await build(root);
    expect([builds(root), isBuilt(root, 'renderer')]).toEqual([1, true]);
    // Independent of how the checkout's path is written.
    expect(isBuilt(`${root}/`, 'renderer')).toBe(true);
    expect(inDist(root)).toEqual(['renderer']);
  });

  it.each([
    ['a source has changed', 'renderer/index.html', 'two'],
    ['a source came', 'renderer/views/New.vue', ''],
    ['a source of what they share with the host has changed', 'shared/contract.ts', ''],
    ['the way of building has changed', 'vite.config.ts', '// another'],
  ])('are built anew when %s', async (_why, source, text) => {
    const root = checkout();
    await build(root);
    writeFileSync(join(root, source), text);
    expect(isBuilt(root, 'renderer')).toBe(false);
    await build(root);
    expect(builds(root)).toBe(2);
    expect(page(root)).toBe(source === 'renderer/index.html' ? 'two' : 'one');
    expect(inDist(root)).toEqual(['renderer']);
  });

  it('are built anew when a source went', async () => {
    const root = checkout();
    await build(root);
    rmSync(join(root, 'renderer', 'views', 'Home.vue'));
    await build(root);
    expect(builds(root)).toBe(2);
  });

  it('are built once by those that want them at the same time', async () => {
    const root = checkout();
    await Promise.all([build(root), build(root), build(root)]);
    expect(builds(root)).toBe(1);
  });

  it('stay as they were when the new ones fail, which says why, and are tried again', async () => {
    const root = checkout();
    await build(root);
    writeFileSync(join(root, 'renderer', 'index.html'), 'broken');
    for (const attempt of [2, 3]) {
      const error = await build(root).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(SetupProblem);
      expect((error as SetupProblem).message).toContain('renderer/index.html:1 it is broken');
      expect([page(root), builds(root), inDist(root)]).toEqual(['one', attempt, ['renderer']]);
    }
  });

  it('cannot be had without what builds them', async () => {
    const root = checkout();
    rmSync(join(root, 'node_modules'), { recursive: true });
    const error = await build(root).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SetupProblem);
    expect((error as SetupProblem).message).toContain('vite.js');
  });
});
