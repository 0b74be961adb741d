import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyBackbone } from '../fixtures/tiny-backbone.ts';

const LAUNCHER = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const BOOTSTRAP = fileURLToPath(new URL('../../main/setup/bootstrap.mjs', import.meta.url));

/** Timeout for a dozen engine runs, whose duration depends on the machine. */
const PATIENCE = 900_000;

/**
 * The command that runs a program without network access, as root or in a user namespace; undefined
 * if neither works.
 */
const UNSHARE = [
  ['unshare', '-n'],
  ['unshare', '-rn'],
].find(([command = '', ...args]) => spawnSync(command, [...args, 'true']).status === 0);

if (UNSHARE === undefined) {
  console.warn('Skipped: this system allows no network namespace (unshare -n, unshare -rn).');
}

function withoutNetwork(args: readonly string[]) {
  const [command = '', ...options] = UNSHARE ?? [];
  const child = spawn(command, [...options, process.execPath, ...args], {
    env: { ...process.env, NO_COLOR: '1', HF_ENDPOINT: '', HTTPS_PROXY: '', https_proxy: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  return new Promise<{ code: number | null; out: string; error: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, error });
    });
  });
}

describe.skipIf(UNSHARE === undefined)('in a network namespace without a network', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'karst-offline-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('nothing outside can be reached (which is what the next test rests on)', async () => {
    const script = `
      import { connect } from 'node:net';
      import { networkInterfaces } from 'node:os';
      const error = await new Promise((resolve) => {
        connect({ host: '192.0.2.1', port: 443 }).on('error', resolve);
      });
      console.log(JSON.stringify([Object.keys(networkInterfaces()), error.code]));`;
    const { out } = await withoutNetwork(['--input-type=module', '-e', script]);
    expect(JSON.parse(out)).toEqual([[], 'ENETUNREACH']);
  });

  it('the catalogue and what is on this machine are there, and getting one says who was asked', async () => {
    const home = ['--home', join(folder, 'hub-home')];
    const catalogue = await withoutNetwork([LAUNCHER, 'backbone', 'catalogue', ...home, '--json']);
    expect(catalogue.code).toBe(0);
    const [first] = JSON.parse(catalogue.out) as { name: string }[];
    const found = await withoutNetwork([LAUNCHER, 'backbone', 'find', ...home, '--json']);
    expect(found.code).toBe(0);
    const get = [LAUNCHER, 'backbone', 'get', first?.name ?? '', ...home, '--json'];
    const { code, out, error } = await withoutNetwork(get);
    expect(code).toBe(1);
    expect(error).toContain('Asking huggingface.co');
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'unreachable' } });
  });

  it(
    'set-up finds nothing to do and the demo does the whole main job',
    async () => {
      const backbone = await writeTinyBackbone(join(folder, 'tiny'));
      const home = join(folder, 'home');
      const options = ['--home', home, '--backbone', backbone, '--epochs', '2', '--json'];
      const { code, out, error } = await withoutNetwork([BOOTSTRAP, 'demo', ...options]);
      expect(code, out + error).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        home,
        images: { train: 1438, val: 359 },
        merged: { verification: { images: expect.any(Number) as number } },
      });
      expect(error).not.toContain('Download');
    },
    PATIENCE,
  );
});
