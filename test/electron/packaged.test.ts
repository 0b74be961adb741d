import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { isForOthers } from '../fixtures/for-others.ts';
import { descendants } from './fixtures/processes.ts';
import { expect, ROOT, test, testElectron } from './fixtures/desktop.ts';
import { isOldElectron, PACKAGING } from '../setup/electron-9.mjs';

/**
 * Size limit in bytes. Files read by the project's Node are outside the archive; TensorFlow alone
 * is 850 MB.
 */
const LARGEST_FOLDER = 1.5e9;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The fields of the doctor's report that are checked. */
interface Report {
  readonly version: string;
  readonly engine: object;
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}): Ran {
  return spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: '/usr/bin:/bin', ...env },
  });
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { encoding: 'utf8', recursive: true })
    .map((path) => lstatSync(join(folder, path)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((path) => lstatSync(join(folder, path)).isFile())
    .map((path) => path.split(sep).join('/'))
    .sort();
}

test('the packaged folder is whole, starts, and answers as karst on the command line', async ({
  bed,
}) => {
  test.skip(process.platform !== 'linux', 'The folder of this platform has another layout.');
  test.setTimeout(600_000);
  const out = join(bed.folder, 'release');
  const script = join(ROOT, 'main', 'setup', 'packaging', 'package.mjs');
  const config = isOldElectron(testElectron()) ? ['--config', join(ROOT, PACKAGING)] : [];
  const packaging = run(process.execPath, [script, '--dir', '--link', '--out', out, ...config], {
    ELECTRON_OVERRIDE_DIST_PATH: dirname(testElectron()),
    PATH: process.env['PATH'] ?? '',
  });
  expect(`${packaging.stdout}${packaging.stderr}`).toContain('Packaged into');
  expect(packaging.status).toBe(0);
  const folder = join(out, 'linux-unpacked');
  expect(sizeOf(folder)).toBeLessThan(LARGEST_FOLDER);
  const studio = join(folder, 'resources', 'studio');
  const files = filesIn(join(folder, 'resources')).map((path) => `/${path}`);
  expect(files.filter(isForOthers)).toEqual([]);

  // The command line, using the packaged Node and TensorFlow.
  const karst = join(folder, 'resources', 'bin', 'karst');
  const doctor = (program: string, ...args: readonly string[]): Report =>
    JSON.parse(
      run(program, [...args, 'doctor', '--json'], { KARST_HOME: bed.home }).stdout,
    ) as Report;
  const { version, engine } = doctor(karst);
  // The same addons as in the checkout, including kernels and resampling.
  expect(engine).toMatchObject({ backend: 'tensorflow', resamplingOff: null });
  expect(engine).toEqual(doctor(process.execPath, join(ROOT, 'main', 'cli', 'karst.mjs')).engine);
  expect(run(karst, ['--version']).stdout.trim()).toBe(version);
  const link = join(bed.folder, 'karst');
  expect(run('ln', ['-s', karst, link]).status).toBe(0);
  expect(run(link, ['--version']).stdout.trim()).toBe(version);

  const desktop = await bed.launch({ executable: join(folder, 'karst-studio'), packaged: true });
  expect(await desktop.app.evaluate(({ app }) => app.isPackaged)).toBe(true);
  await expect(desktop.page).toHaveTitle(/KARST Studio/);
  expect((await desktop.call('system.status', {})).home).toBe(bed.home);
  const [starter] = await desktop.call('backbones.list', {});
  expect(starter).toMatchObject({ starter: true });
  expect(dirname(starter!.backbone.path)).toBe(join(bed.home, 'backbones'));
  // The packaged Node runs the host, whose engine process probes the device.
  const [host] = descendants(desktop.pid, join('host', 'api', 'process.ts'));
  expect(descendants(desktop.pid, join(studio, 'node_modules'))).toContain(host);
  const { device } = await desktop.call('system.diagnose', { again: false });
  expect(device?.backend).toBe('tensorflow');
  await desktop.close();
  rmSync(out, { recursive: true });
});
