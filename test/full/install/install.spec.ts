import { _electron, expect, test, type ElectronApplication, type Page } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../../main/platform/cache-folder.mjs';
import { TRAINING_DEFAULTS } from '../../../shared/domain/training.ts';
import { exportFile, merge, trainSample } from '../../e2e/fixtures/first-steps.ts';
import { ENGINE_MS, goTo } from '../../e2e/fixtures/parts.ts';
import { callStudio, ROOT, testElectron } from '../../electron/fixtures/desktop.ts';
import { isForOthers } from '../../fixtures/for-others.ts';
import { unpackOldLibrary } from '../../fixtures/old-library.ts';
import { isOldElectron, PACKAGING } from '../../setup/electron-9.mjs';
import { HOME, Machine } from './machine.ts';

/** Life cycle of the Debian package: build, install, use, upgrade, remove. */

const NAME = 'karst-studio';
const OLDER = '0.0.9';
const APPLICATION = `/usr/lib/${NAME}`;
const ENTRY = `/usr/share/applications/${NAME}.desktop`;
const LIBRARY = `${HOME}/.local/share/${NAME}`;
const TYPE = 'application/x-karst-adapter';
const { version: NEWER } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};

const NO_SANDBOX = '--no-sandbox';
/** Disables only the system call filter; processes remain isolated by namespaces. */
const NO_FILTER = '--disable-seccomp-filter-sandbox';
/**
 * First Electron major version whose filter allows the system calls of glibc 2.34 and newer. With
 * older ones, pages crash immediately.
 */
const KNOWS_GLIBC = 17;
/** Timeout in milliseconds for the window to open. */
const START_MS = 300_000;

/** Build tools that would hide missing parts of the package. */
const NOT_THERE = ['node', 'npm', 'npx', 'python3', 'gcc', 'g++', 'make', 'karst'];
/** Packages that every desktop has, but a test machine may lack. */
const DESKTOP = ['desktop-file-utils', 'shared-mime-info', 'libglib2.0-bin'];

/** Where the system records installed packages. */
const RECORDS = /^\/var\/(?:log|cache|lib\/(?:dpkg|apt|systemd))(?:\/|$)|^\/etc\/ld\.so\.cache/;

test.describe.configure({ mode: 'serial' });

let out: string;
const packages = { newer: '', older: '' };
let machine: Machine | null = null;

test.beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'karst-install-'));
  packages.newer = makePackage('newer', []);
  packages.older = makePackage('older', ['--version', OLDER]);
});
test.afterEach(async () => {
  await machine?.remove();
  machine = null;
});
test.afterAll(() => {
  rmSync(out, { recursive: true });
});

const tell = (line: string): void => void process.stdout.write(`install: ${line}\n`);
const megabytes = (bytes: number): string => `${String(Math.round(bytes / 1e6))} MB`;

/** Builds the package with the README's command, without network access. Returns its path. */
function makePackage(name: string, options: readonly string[]): string {
  const began = performance.now();
  const folder = join(out, name);
  const config = isOldElectron(testElectron()) ? ['--config', join(ROOT, PACKAGING)] : [];
  const given = ['--link', '--out', folder, ...config];
  const command = ['npm', 'run', '--silent', 'package:deb', '--', ...given];
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', ...command, ...options], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: dirname(testElectron()) },
    maxBuffer: 2 ** 26,
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
  const [file = ''] = readdirSync(folder).filter((path) => path.endsWith('.deb'));
  const path = join(folder, file);
  const seconds = String(Math.round((performance.now() - began) / 1000));
  tell(`${file} has ${megabytes(statSync(path).size)}; made in ${seconds} s`);
  return path;
}

function dpkgDeb(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('dpkg-deb', args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

interface Listed {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
}

/** Files of the package, with absolute paths. */
function contentsOf(file: string): Listed[] {
  return dpkgDeb('--contents', file)
    .trimEnd()
    .split('\n')
    .map((line) => /^(\S+) (\S+) +\d+ \S+ \S+ \.(\/.*?)(?: -> .*)?$/.exec(line))
    .map((found) => {
      const [, mode = '', owner = '', path = ''] = found ?? [];
      return { mode, owner, path };
    });
}

test('the package holds what the studio needs, and nothing of tests or of building', () => {
  const all = contentsOf(packages.newer);
  expect(all.length).toBeGreaterThan(1000);
  expect(all.filter(({ owner }) => owner !== 'root/root')).toEqual([]);
  expect(all.filter(({ path }) => isForOthers(path))).toEqual([]);
  // Only the sandbox helper is setuid, and nothing is writable by group or others.
  expect(all.filter(({ mode }) => mode.includes('s'))).toEqual([
    { mode: '-rwsr-xr-x', owner: 'root/root', path: `${APPLICATION}/chrome-sandbox` },
  ]);
  expect(all.filter(({ mode }) => !mode.startsWith('l') && /^.{5}w|^.{8}w/.test(mode))).toEqual([]);
  const outside = all
    .map(({ path }) => path)
    .filter((path) => !path.startsWith(APPLICATION) && !path.endsWith('/'))
    .filter((path) => !path.startsWith('/usr/share/icons/hicolor/'));
  expect(outside.sort()).toEqual([
    '/usr/bin/karst',
    `/usr/bin/${NAME}`,
    ENTRY,
    `/usr/share/doc/${NAME}/copyright`,
    `/usr/share/mime/packages/${NAME}.xml`,
  ]);
  // LGPL: libheif is in separate, replaceable files, with its licence.
  const libheif = `${APPLICATION}/resources/studio/node_modules/libheif-js/libheif-wasm`;
  for (const name of ['LICENSE', 'libheif.js', 'libheif.wasm'])
    expect(all.map(({ path }) => path)).toContain(`${libheif}/${name}`);
  // Of ONNX Runtime this system's library alone, without what its set-up needs.
  const runtime = `${APPLICATION}/resources/studio/node_modules/onnxruntime-node`;
  const ofRuntime = all.map(({ path }) => path).filter((path) => path.startsWith(`${runtime}/`));
  expect(
    ofRuntime.filter((path) => path.startsWith(`${runtime}/bin/`) && !path.endsWith('/')),
  ).toEqual(
    ['libonnxruntime.so.1', 'onnxruntime_binding.node'].map(
      (name) => `${runtime}/bin/napi-v6/linux/x64/${name}`,
    ),
  );
  expect(
    ofRuntime.filter((path) => /\/(?:script|node_modules)\//.test(path.slice(runtime.length))),
  ).toEqual([]);
  // The package has no maintainer scripts.
  const parts = readdirSync(control(packages.newer)).sort();
  expect(parts).toEqual(['control', 'md5sums']);
  tell(`unpacked it takes ${dpkgDeb('--field', packages.newer, 'Installed-Size').trim()} KiB`);
});

/** Unpacks the package's control files. */
function control(file: string): string {
  const folder = join(out, 'control');
  dpkgDeb('--control', file, folder);
  return folder;
}

/** A machine with what a desktop has, but without the checkout. */
async function newMachine(): Promise<Machine> {
  const made = await Machine.make([ROOT, cacheFolder()], NOT_THERE);
  machine = made;
  const missing = DESKTOP.filter((name) => made.run(['dpkg', '--status', name]).status !== 0);
  if (missing.length > 0) {
    made.run(['apt-get', '-qq', 'update']);
    made.must(['apt-get', '-qq', 'install', '--yes', '--no-install-recommends', ...missing]);
  }
  // Neither the checkout nor the shared cache is visible to any user.
  for (const hidden of [ROOT, cacheFolder()])
    expect(made.run(['sh', '-c', 'ls -A "$1" 2>/dev/null', 'sh', hidden]).stdout).toBe('');
  for (const command of NOT_THERE) expect(made.run([command, '--version']).status).not.toBe(0);
  return made;
}

/** Installs with apt from a local file, as after a download. */
function install(on: Machine, file: string): void {
  const target = `${HOME}/${NAME}.deb`;
  copyFileSync(file, on.outside(target));
  on.must(['apt-get', 'install', '--yes', '--no-install-recommends', target]);
  rmSync(on.outside(target));
  // Every file is unmodified and owned by root.
  expect(on.must(['dpkg', '--verify', NAME])).toBe('');
  expect(on.must(['stat', '-c', '%U:%G %a', `${APPLICATION}/chrome-sandbox`])).toBe(
    'root:root 4755',
  );
}

interface Studio {
  readonly app: ElectronApplication;
  readonly page: Page;
}

/** Runs the command of the menu entry as the user, with additional arguments. */
async function startStudio(on: Machine, further: readonly string[] = []): Promise<Studio> {
  const flags = sandboxFlags(on);
  const executablePath = on.program('studio', [menuCommand(on)]);
  const args = [...flags, ...further];
  const app = await _electron.launch({
    ...{ executablePath, args, timeout: START_MS },
    chromiumSandbox: true,
  });
  const page = await app.firstWindow({ timeout: START_MS });
  await page.getByRole('main').waitFor({ timeout: START_MS });
  const all = on.processes().map((pid) => ({ pid, words: readProcess(pid, 'cmdline') }));
  if (!flags.includes(NO_SANDBOX)) {
    const renderers = all.filter((one) => one.words.includes('--type=renderer'));
    expect(renderers.length).toBeGreaterThan(0);
    for (const { pid } of renderers) {
      // Renderers see only their own processes: their PID namespaces are nested below the window's.
      const layers = (one: number): number =>
        (/^NSpid:(.+)$/m.exec(readProcess(one, 'status'))?.[1] ?? '').trim().split(/\s+/).length;
      const [first] = all.filter(({ words }) => words.startsWith(NAME));
      expect(layers(pid)).toBeGreaterThan(layers(first?.pid ?? 0));
      if (flags.length === 0) expect(readProcess(pid, 'status')).toMatch(/^Seccomp:\s+2$/m);
    }
  }
  // No loaded file belongs to the checkout.
  for (const { pid } of all) {
    const maps = readProcess(pid, 'maps');
    expect(maps).not.toContain(`${ROOT}/`);
    expect(maps).not.toContain(`${cacheFolder()}/`);
  }
  return { app, page };
}

/** The command of the menu entry, without the placeholder for files. */
function menuCommand(on: Machine): string {
  const entry = on.must(['cat', ENTRY]);
  expect(entry).not.toContain(NO_SANDBOX);
  const [command = '', ...words] = (/^Exec=(.+)$/m.exec(entry)?.[1] ?? '').split(' ');
  expect(words).toEqual(['%F']);
  return command;
}

/**
 * Flags for sandbox features that this machine lacks. Reported, because the package itself never
 * sets them.
 */
function sandboxFlags(on: Machine): string[] {
  const own = on.run(['unshare', '--user', '--pid', '--net', '--fork', 'true'], 'user');
  const helper = on.run(['unshare', '--pid', '--net', '--fork', 'true']);
  if (own.status !== 0 && helper.status !== 0) {
    tell(`this machine forbids namespaces: the studio is started with ${NO_SANDBOX}`);
    return [NO_SANDBOX];
  }
  const version = readFileSync(join(dirname(testElectron()), 'version'), 'utf8');
  if (Number.parseInt(version.replace('v', ''), 10) >= KNOWS_GLIBC) return [];
  tell(
    `Electron ${version.trim()} refuses calls of today's glibc: it is started with ${NO_FILTER}`,
  );
  return [NO_FILTER];
}

function readProcess(pid: number, what: string): string {
  return readFileSync(`/proc/${String(pid)}/${what}`, 'utf8').replaceAll('\0', ' ');
}

async function close({ app }: Studio, on: Machine): Promise<void> {
  await app.close();
  await expect.poll(() => on.processes()).toEqual([]);
}

interface AdapterLine {
  readonly name: string;
}

/** Adapter names as listed by the command on the user's PATH. */
function adapters(on: Machine): string[] {
  const answer = JSON.parse(on.must(['karst', 'adapter', 'list', '--json'], 'user')) as
    AdapterLine[] | { adapters: AdapterLine[] };
  return (Array.isArray(answer) ? answer : answer.adapters).map(({ name }) => name).sort();
}

/** Path and hash of each file. */
function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]);
  return Object.fromEntries(files) as Record<string, string>;
}

/**
 * Removes the package and checks that the system is as before and the user's library is unchanged.
 */
function removePackage(on: Machine, before: readonly string[]): void {
  const library = filesOf(on.outside(LIBRARY));
  expect(Object.keys(library).length).toBeGreaterThan(5);
  on.must(['apt-get', 'remove', '--yes', NAME]);
  expect(on.run(['dpkg', '--status', NAME]).status).not.toBe(0);
  expect(filesOf(on.outside(LIBRARY))).toEqual(library);
  const left = on.added().filter((path) => !before.includes(path));
  expect(left.filter((path) => !RECORDS.test(path))).toEqual([]);
  expect(left.filter((path) => path.includes('karst'))).toEqual([]);
  expect(on.lost()).toEqual([]);
  // Temporary and runtime folders are not part of the overlay, so check them separately.
  const temporary = ['/tmp', '/var/tmp', '/dev/shm', '/run'];
  expect(on.must(['find', ...temporary, '-xdev', '-user', on.userName])).toBe('');
}

/** Overrides the user's menu entry to start with these flags. */
function startWith(on: Machine, flags: readonly string[]): void {
  if (flags.length === 0) return;
  const entry = on.must(['cat', ENTRY]).replace('%F', `${flags.join(' ')} %F`);
  const folder = `${HOME}/.local/share/applications`;
  on.must(['mkdir', '-p', folder], 'user');
  writeFileSync(on.outside(`${folder}/${NAME}.desktop`), entry);
  on.must(['update-desktop-database', folder], 'user');
}

test('it is installed, trains, merges, exports, opens adapter files, and is removed', async ({}, info) => {
  const on = await newMachine();
  const before = on.added();
  install(on, packages.newer);
  expect(on.must(['sh', '-c', 'command -v karst'], 'user')).toBe('/usr/bin/karst');
  expect(on.must(['karst', '--version'], 'user')).toBe(NEWER);
  expect(readdirSync(on.outside(HOME)).filter((name) => !name.startsWith('.'))).toEqual([]);

  const studio = await startStudio(on);
  const { page } = studio;
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.screenshot({ path: info.outputPath('welcome.png') });
  const outside = (path: string): string => on.outside(path);
  const name = await trainSample(page);
  await page.screenshot({ path: info.outputPath('training.png') });
  await expect(page.getByText('The adapter is in the library.')).toBeVisible({
    timeout: ENGINE_MS,
  });
  await page.getByRole('link', { name: 'Open in the library' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
  await merge(page, name, outside);
  const file = `${HOME}/Digits of mine.karst`;
  await exportFile(page, name, file, outside);
  await page.screenshot({ path: info.outputPath('adapter.png') });
  expect(adapters(on)).toHaveLength(1);

  // The file type is associated with the studio: in the open window, and in a new one.
  const told = on.must(['gio', 'info', '-a', 'standard::content-type', file], 'user');
  expect(told).toContain(TYPE);
  expect(on.must(['gio', 'mime', TYPE], 'user')).toContain(`${NAME}.desktop`);
  const openFile = ['sh', '-c', 'gio open "$1" >/dev/null 2>&1 </dev/null', 'sh', file];
  on.must(openFile, 'user');
  await expect(page).toHaveURL(/\/library$/);
  await expect.poll(() => adapters(on).length).toBe(2);
  await close(studio, on);
  startWith(on, sandboxFlags(on));
  on.must(openFile, 'user');
  await expect.poll(() => adapters(on).length).toBe(3);
  const opened = (): number[] =>
    on.processes().filter((pid) => readProcess(pid, 'cmdline').startsWith(NAME));
  expect(opened()).toHaveLength(1);
  for (const pid of opened()) process.kill(pid, 'SIGTERM');
  await expect.poll(() => on.processes()).toEqual([]);
  removePackage(on, before);
});

test('it is upgraded while the studio runs, on a library of an earlier version', async () => {
  const on = await newMachine();
  const before = on.added();
  install(on, packages.older);
  expect(on.must(['karst', '--version'], 'user')).toBe(OLDER);
  await unpackOldLibrary(on.outside(`${HOME}/studio`), `${HOME}/studio`);
  mkdirSync(on.outside(dirname(LIBRARY)), { recursive: true });
  on.must(['mv', `${HOME}/studio/home`, LIBRARY]);
  on.must(['ln', '-s', LIBRARY, `${HOME}/studio/home`]);
  on.must(['chown', '-R', '--no-dereference', `${on.userName}:`, HOME]);

  // Without user namespaces, the setuid helper creates the sandbox.
  const old = await startStudio(on, ['--disable-namespace-sandbox']);
  const version = ({ app }: Studio): Promise<string> =>
    app.evaluate((electron) => electron.app.getVersion());
  expect(await version(old)).toBe(OLDER);
  const { page } = old;
  await goTo(page, 'Library');
  for (const name of ['first', 'probe', 'whole'])
    await expect(page.getByRole('row', { name: new RegExp(name) })).toBeVisible();
  const id = await beginRun(page);
  await runUntil(page, id, 'running');
  install(on, packages.newer);
  expect(on.must(['karst', '--version'], 'user')).toBe(NEWER);

  // The running studio is intact: its run continues and ends successfully, and another engine
  // starts.
  await runUntil(page, id, 'running');
  await callStudio(page, 'runs.stop', { id });
  await runUntil(page, id, 'stopped');
  await page.getByRole('link', { name: 'first', exact: true }).click();
  await merge(page, 'first', (path) => on.outside(path));
  const names = adapters(on);
  expect(names).toEqual(['first', 'probe', 'upgraded', 'whole']);
  await close(old, on);

  const studio = await startStudio(on);
  expect(await version(studio)).toBe(NEWER);
  await goTo(studio.page, 'Library');
  for (const name of names)
    await expect(studio.page.getByRole('row', { name: new RegExp(name) })).toBeVisible();
  const runs = await callStudio(studio.page, 'runs.list', {});
  expect(runs.map((run) => run.name).sort()).toEqual([
    ...['first', 'interrupted', 'probe', 'upgraded', 'whole'],
  ]);
  await close(studio, on);
  removePackage(on, before);
});

/** Starts a run that would take longer than the test. Returns its id. */
async function beginRun(page: Page): Promise<string> {
  const backbones = await callStudio(page, 'backbones.list', {});
  const [dataset] = await callStudio(page, 'datasets.list', {});
  const tiny = backbones.find(({ backbone }) => backbone.name === 'tiny');
  if (tiny === undefined || dataset === undefined) throw new Error('The old library is not whole.');
  const { id } = await callStudio(page, 'runs.create', {
    backboneId: tiny.backbone.id,
    datasetId: dataset.id,
    projectId: null,
    name: 'upgraded',
    config: {
      ...TRAINING_DEFAULTS,
      schedule: { ...TRAINING_DEFAULTS.schedule, epochs: 100_000 },
      batchSize: 8,
    },
  });
  return id;
}

async function runUntil(page: Page, id: string, state: string): Promise<void> {
  await expect
    .poll(async () => (await callStudio(page, 'runs.get', { id })).state, { timeout: ENGINE_MS })
    .toBe(state);
}
