import { execFileSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { homeFolders } from '../../../main/host/home.ts';
import type { Studio, StudioOptions } from '../../../main/host/contract/studio.ts';
import { CONFIG, refusal, studioIn, temporaryFolder } from '../../unit/host/support.ts';
import { karst } from '../cli/karst.ts';
import { TrainedHome } from './trained-home.ts';

const trained = new TrainedHome(async (studio, template) => {
  await studio.evaluations.evaluate('first', { dataset: 'two' });
  mkdirSync(join(template, 'outside'));
});

/** Every path in a folder with its size, modification time and mode. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs, mode } = statSync(join(folder, name));
      return `${name} ${String(size)} ${String(mtimeMs)} ${String(mode)}`;
    });
}

const undo: (() => void)[] = [];
afterEach(() => {
  // Runs before support.ts closes the studios, so `undo` restores file system state only.
  for (const back of undo.splice(0)) back();
  vi.unstubAllEnvs();
});

function mounted(home: string): void {
  execFileSync('mount', ['--bind', home, home]);
  undo.push(() => execFileSync('umount', ['-l', home]));
  execFileSync('mount', ['-o', 'remount,ro,bind', home]);
}

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'karst-mount-'));
  try {
    execFileSync('mount', ['--bind', folder, folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withoutModes(home: string): void {
  const modes = ['.', ...readdirSync(home, { recursive: true, encoding: 'utf8' })]
    .map((name) => join(home, name))
    .map((path): [string, number] => [path, statSync(path).mode]);
  undo.push(() => modes.forEach(([path, mode]) => chmodSync(path, mode)));
  for (const [path, mode] of modes) chmodSync(path, mode & 0o555);
}

/** Whether file modes are enforced; they are not for the superuser. */
function modesHold(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'karst-modes-'));
  chmodSync(folder, 0o555);
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch {
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Way {
  readonly name: string;
  readonly possible: boolean;
  readonly prepare: (home: string) => void;
  readonly options: Partial<StudioOptions>;
}
const WAYS: Way[] = [
  {
    name: 'that is asked for',
    possible: true,
    prepare: () => undefined,
    options: { readOnly: true },
  },
  { name: 'on a read-only mount', possible: mayMount(), prepare: mounted, options: {} },
  {
    name: 'of another account',
    possible: modesHold(),
    prepare: withoutModes,
    options: {},
  },
];

describe.each(WAYS.filter(({ possible }) => possible))('a read-only home $name', (way) => {
  const open = (): Promise<Studio> => trained.open({}, way.options);

  it('can be looked at, predicted with and measured on, and stays as it is', async () => {
    const temporary = temporaryFolder();
    vi.stubEnv('TMPDIR', temporary);
    way.prepare(trained.home);
    const before = stateOf(trained.home);
    const studio = await open();
    expect(studio.readOnly).toBe(true);
    expect(studio.notices).toEqual([expect.stringContaining('is read-only')]);
    expect(studio.adapters.list().map(({ name }) => name)).toEqual(['first']);
    expect(studio.runs.get('first').state).toBe('done');
    expect(studio.datasets.get('two').counts.train).toBe(8);
    expect(studio.evaluations.list()).toHaveLength(1);
    const images = join(trained.template, 'images', 'a');
    const rows = await studio.predictions.ofPaths('first', { paths: [images] });
    expect(rows).toHaveLength(5);
    const { evaluation } = await studio.evaluations.evaluate('first', { dataset: 'two' });
    expect(evaluation.n).toBeGreaterThan(0);
    // The evaluation is returned but not stored.
    expect(studio.evaluations.list()).toHaveLength(1);
    const out = join(temporaryFolder(), 'first.karst');
    await studio.merging.export('first', { format: 'karst', out });
    expect(statSync(out).size).toBeGreaterThan(0);
    await studio.close();
    expect(stateOf(trained.home)).toEqual(before);
    expect(readdirSync(temporary).filter((name) => name.startsWith('karst-library-'))).toEqual([]);
  });

  it('refuses every change with a sentence', async () => {
    way.prepare(trained.home);
    const before = stateOf(trained.home);
    const api = await trained.api({}, way.options);
    const { studio } = api;
    const adapter = studio.adapters.get('first').id;
    const run = studio.runs.get('first').id;
    const dataset = studio.datasets.get('two').id;
    const backbone = studio.backbones.get('tiny').id;
    const refused = [
      () => api.ask('projects.create', { name: 'new' }),
      () => api.ask('adapters.rename', { id: adapter, name: 'other' }),
      () => api.ask('adapters.note', { id: adapter, notes: 'seen' }),
      () => api.ask('adapters.remove', { id: adapter }),
      () => api.ask('runs.remove', { id: run }),
      () => api.ask('runs.extend', { id: run, epochs: 1 }),
      () => api.ask('datasets.resplit', { id: dataset, val: 0.5, test: 0, seed: 1 }),
      () => api.ask('settings.update', { theme: 'dark' }),
      () => api.ask('evaluations.start', { adapterId: adapter, datasetId: dataset, split: 'val' }),
      () => studio.merging.merge('first'),
    ];
    refused.push(() =>
      api.ask('runs.create', {
        backboneId: backbone,
        datasetId: dataset,
        config: CONFIG,
        projectId: null,
        name: null,
      }),
    );
    for (const change of refused) {
      const error = await refusal(change(), 'not-writable');
      expect(error.message).toMatch(/read-only/);
    }
    expect(await api.ask('adapters.get', { id: adapter })).toMatchObject({ notes: '' });
    await api.close();
    await studio.close();
    expect(stateOf(trained.home)).toEqual(before);
  });

  it('shows what a killed studio has only in its log, and a library of an earlier version', async () => {
    const { library } = homeFolders(trained.home);
    const db = new Database(library);
    db.pragma('wal_autocheckpoint = 0');
    db.prepare("UPDATE adapters SET name = 'in the log'").run();
    // The state after a kill: a clean close would merge the log into the file.
    const kept = ['', '-wal'].map((end) => [end, statSync(library + end).size] as const);
    expect(kept.every(([, size]) => size > 0)).toBe(true);
    way.prepare(trained.home);
    const studio = await open();
    expect(studio.adapters.list().map(({ name }) => name)).toEqual(['in the log']);
    await studio.close();
    for (const back of undo.splice(0)) back();
    db.close();
  });

  it('without a library is refused with a sentence', async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, 'something'), '');
    way.prepare(home);
    const error = await refusal(studioIn(home, way.options), 'not-writable');
    expect(error.message).toBe(`The home ${home} is read-only and holds no library.`);
  });
});

describe.runIf(mayMount())('karst doctor', () => {
  it('tells that the home is read-only', async () => {
    mounted(trained.home);
    const asked = ['doctor', '--home', trained.home];
    const told = await karst([...asked, '--json']);
    expect(JSON.parse(told.out)).toMatchObject({
      data: { readOnly: true },
      library: { integrity: 'ok', adapters: 1 },
    });
    const { out } = await karst(asked);
    expect(out).toContain('read-only: nothing can be kept');
  });
});
