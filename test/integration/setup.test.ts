import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../unit/setup/temporary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SETUP = join(ROOT, 'main', 'setup');

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

function start(args: string[], env: Record<string, string | undefined> = process.env) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const end = new Promise<End>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, out, err });
    });
  });
  return { child, end, told: () => out };
}

/** A checkout with the set-up and a lockfile whose only package cannot be fetched. */
function bareCheckout(): string {
  const root = temporaryFolder();
  for (const room of ['setup', 'platform'])
    cpSync(join(ROOT, 'main', room), join(root, 'main', room), { recursive: true });
  const dependencies = { one: 'file:one-1.0.0.tgz' };
  const one = { version: '1.0.0', resolved: dependencies.one, integrity: 'sha512-AAAA' };
  const lock = { lockfileVersion: 3, packages: { '': { dependencies }, 'node_modules/one': one } };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock));
  return root;
}

describe('bootstrap.mjs', () => {
  it('finds nothing to do in a checkout that is set up', async () => {
    const { code, out, err } = await start([join(SETUP, 'bootstrap.mjs'), 'setup']).end;
    expect(err).toBe('KARST Studio is set up: nothing was missing.\n');
    expect(out).toBe('');
    expect(code).toBe(0);
  });

  it.each([[[]], [['unheard-of']], [['setup', '--cpu', '--gpu']], [['setup', '--fast']]])(
    'answers %j with its usage and exit code 2',
    async (args) => {
      const { code, err } = await start([join(SETUP, 'bootstrap.mjs'), ...args]).end;
      expect(err).toContain('Usage:');
      expect(code).toBe(2);
    },
  );

  it('says in one go what is missing on a bare machine, before it changes anything', async () => {
    const root = bareCheckout();
    const empty = join(root, 'empty');
    mkdirSync(empty);
    const { code, err } = await start([join(root, 'main', 'setup', 'bootstrap.mjs'), 'setup'], {
      HOME: empty,
      PATH: empty,
    }).end;
    expect(code).toBe(1);
    expect(err).toContain(
      'The set-up needs npm and Python 3 and a C++ compiler (g++ or clang++) and make, which are not on this machine.',
    );
    expect(err).toContain('apt install python3 python3-pip');
    expect(err).not.toContain('.mjs');
    expect(readdirSync(empty)).toEqual([]);
    expect(readdirSync(root)).not.toContain('node_modules');
  });

  it('passes on npm’s complaint when the packages cannot be installed', async () => {
    const root = bareCheckout();
    const { code, err } = await start([join(root, 'main', 'setup', 'bootstrap.mjs'), 'setup'], {
      PATH: process.env['PATH'],
      HOME: root,
      KARST_TENSORFLOW_DIR: join(ROOT, 'build', 'tensorflow'),
    }).end;
    expect(code).toBe(1);
    expect(err).toMatch(/The npm packages could not be installed\. npm says:\nnpm error code/);
  });
});

describe('runInForeground', () => {
  /** A program that runs another one in the way the set-up runs its command. */
  function wrapper(script: string): string {
    const folder = temporaryFolder();
    symlinkSync(SETUP, join(folder, 'setup'));
    writeFileSync(join(folder, 'inner.mjs'), script);
    writeFileSync(
      join(folder, 'outer.mjs'),
      `import { endLike, runInForeground } from './setup/foreground.mjs';
       process.on('SIGTERM', () => process.exit(9)); // As the set-up answers while it installs.
       endLike(await runInForeground(process.execPath, [${JSON.stringify(join(folder, 'inner.mjs'))}, 'x y']));`,
    );
    return join(folder, 'outer.mjs');
  }

  it('hands on arguments, output and exit code', async () => {
    const script = `console.log(process.argv[2]); console.error('told'); process.exit(3);`;
    const end = await start([wrapper(script)]).end;
    expect(end).toEqual({ code: 3, signal: null, out: 'x y\n', err: 'told\n' });
  });

  it('hands on a signal, so that the program can end in its own way', async () => {
    const script = `process.on('SIGTERM', () => { console.log('tidied'); process.exit(5); });
      setInterval(() => {}, 1000); console.log('ready');`;
    const { child, end, told } = start([wrapper(script)]);
    await expect.poll(told).toContain('ready');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 5, signal: null, out: 'ready\ntidied\n' });
  });

  it('ends by the signal that ended the program', async () => {
    const { code, signal } = await start([wrapper(`process.kill(process.pid, 'SIGKILL');`)]).end;
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
