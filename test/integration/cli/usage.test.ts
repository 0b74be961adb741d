import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { karst, LAUNCHER, refusal, workplace } from './karst.ts';
import { METHOD_NAMES } from '../../../shared/methods/registry.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await workplace());
});
afterAll(() => remove());

const COMMANDS = [
  'doctor',
  'backbone',
  'dataset',
  'train',
  'runs',
  'adapter',
  'evaluate',
  'predict',
  'merge',
  'export',
  'starter',
  'serve',
  'completion',
  'demo',
];

describe('usage', () => {
  it('lists every command', async () => {
    const { code, out, error } = await karst(['--help']);
    expect(code).toBe(0);
    expect(error).toBe('');
    expect(out).not.toContain('completion-server');
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });

  it('prints the version of package.json', async () => {
    const file = path.join(path.dirname(LAUNCHER), '..', '..', 'package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(await karst(['--version'])).toEqual({ code: 0, out: `${version}\n`, error: '' });
  });

  it('shows the settings with the help of train', async () => {
    const { code, out } = await karst(['help', 'train']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^ {2}karst\.rescale, rescale +default scalar; one of none, scalar, channel$/m,
    );
    expect(out).toContain('--json');
  });

  it('prints help on standard error and ends with 2 when no command is given', async () => {
    for (const args of [[], ['dataset']]) {
      const { code, out, error } = await karst(args);
      expect(code).toBe(2);
      expect(out).toBe('');
      expect(error).toMatch(/^Usage: karst/);
    }
    expect(await refusal([])).toMatchObject({
      exit: 2,
      code: 'usage',
      message: 'No command was given.',
    });
  });

  it.each([
    [['trian'], "Unknown command 'trian'.", 'Did you mean train?'],
    [['dataset', 'lst'], "Unknown command 'lst'.", '`karst dataset --help`'],
    [['train', '--bakcbone', 'x'], "Unknown option '--bakcbone'.", 'Did you mean --backbone?'],
    [['backbone', 'list', '--hme=x'], "Unknown option '--hme'.", 'Did you mean --home?'],
    [['backbone', 'list', 'x'], /^Too many arguments for 'list'/, '`karst backbone list --help`'],
    [['backbone', 'show'], "Missing required argument 'backbone'.", '`karst backbone show --help`'],
    [['export', 'a'], /'--out <path>' not specified/, '`karst export --help`'],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish, pwsh/, ''],
    [['export', 'a', '--out', 'x', '--format', 'gguf'], /Allowed choices are timm, hf, onnx/, ''],
    [['predict'], "Missing required argument 'adapter'.", '`karst predict --help`'],
    [['predict', 'a'], "Missing required argument 'paths'.", '`karst predict --help`'],
    [['predict', '--backbone', 'b'], "Missing required argument 'paths'.", ''],
    [['predict', 'a', 'b', '--top', '0'], /It must be 1 or more/, ''],
    [['predict', 'a', 'b', '--top', '1.5'], /It must be a whole number/, ''],
    [
      ['evaluate', 'a', '--dataset', 'd', '--split', 'vla'],
      /Allowed choices are train, val, test/,
      '',
    ],
    [['dataset', 'add', 'p', '--name', 'n', '--val', '1'], /It must be from 0 to below 1/, ''],
    [['train', '--backbone', 'b', '--dataset', 'd', '--lr', 'fast'], /It must be a number/, ''],
  ] as const)('refuses karst %j', async (args, message, hint) => {
    const home = path.join(folder, 'never');
    const report = await refusal(['--home', home, ...args]);
    expect(report).toMatchObject({ exit: 2, code: 'usage' });
    if (typeof message === 'string') expect(report.message).toBe(message);
    else expect(report.message).toMatch(message);
    expect(report.hint).toContain(hint);
    expect(existsSync(home)).toBe(false);
  });

  it.each([
    [['--set', 'karst.rnak=4'], 'There is no setting named "karst.rnak".', 'karst.rank'],
    [['--preset', 'paper'], 'There is no preset named "paper".', 'paper-code'],
    [
      ['--method', 'other'],
      `method must be one of ${METHOD_NAMES.join(', ')}, not "other".`,
      '"karst"',
    ],
  ])('refuses the settings %j before anything is opened', async (args, message, hint) => {
    const home = path.join(folder, 'never');
    const report = await refusal([
      'train',
      '--home',
      home,
      '--backbone',
      'b',
      '--dataset',
      'd',
      ...args,
    ]);
    expect(report).toMatchObject({ exit: 2, code: 'config-invalid', message });
    expect(report.hint).toContain(hint);
    expect(existsSync(home)).toBe(false);
  });

  it('says errors to people on standard error', async () => {
    expect(await karst(['trian'])).toEqual({
      code: 2,
      out: '',
      error:
        "error: Unknown command 'trian'.\nhint:  Did you mean train? `karst --help` shows the usage.\n",
    });
  });
});

describe('the launcher', () => {
  it('says how to set up where the packages are missing', async () => {
    const root = path.join(folder, 'bare checkout');
    for (const part of ['cli', 'platform']) {
      mkdirSync(path.join(root, 'main', part), { recursive: true });
    }
    const main = path.join(path.dirname(LAUNCHER), '..');
    cpSync(LAUNCHER, path.join(root, 'main', 'cli', 'karst.mjs'));
    for (const file of ['cache-folder.mjs', 'node-runtime.mjs']) {
      cpSync(path.join(main, 'platform', file), path.join(root, 'main', 'platform', file));
    }
    const run = (...args: string[]) => {
      const command = [path.join(root, 'main', 'cli', 'karst.mjs'), ...args];
      try {
        execFileSync(process.execPath, command, { encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        return error as { status: number; stdout: string; stderr: string };
      }
      throw new Error('it did not fail');
    };
    const people = run('doctor');
    expect(people.status).toBe(1);
    expect(people.stdout).toBe('');
    expect(people.stderr).toContain(`Run \`npm run setup\` in ${root}.`);
    const script = run('doctor', '--json');
    expect(script.stderr).toBe('');
    expect(JSON.parse(script.stdout)).toMatchObject({ error: { code: 'not-available' } });
  });

  const older = olderNode();
  it.skipIf(older === null)('hands over to the project’s Node from an older one', () => {
    const out = execFileSync(
      older ?? '',
      [LAUNCHER, 'backbone', 'list', '--json', '--home', folder],
      {
        encoding: 'utf8',
      },
    );
    expect(JSON.parse(out)).toEqual(expect.any(Array));
  });
});

/** Finds a Node on PATH that is too old to run TypeScript; null if there is none. */
function olderNode(): string | null {
  for (const place of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.join(place, 'node');
    if (!existsSync(candidate)) continue;
    const version = execFileSync(candidate, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    if (Number.parseInt(version, 10) < 24) return candidate;
  }
  return null;
}
