import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, karst, LAUNCHER, someDigits, workplace } from './karst.ts';
import { dataset } from './schemas.ts';

/**
 * Runs a command on a pseudo-terminal, types `argv[1]` at the prompt, and prints the terminal
 * output.
 */
const ON_A_TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b'', sys.argv[1].encode()
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    shown += data
    if typed and b'[y/N]' in shown:
        os.write(terminal, typed)
        typed = b''
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
const possible =
  process.platform !== 'win32' && spawnSync('python3', ['-c', 'import pty']).status === 0;

let folder: string;
let home: string;
let remove: () => Promise<void>;
const at = (...args: string[]) => [...args, '--home', home];
beforeAll(async () => {
  ({ folder, remove } = await workplace());
  home = path.join(folder, 'home');
  someDigits(path.join(folder, 'digits'), 2, 5);
  await karst(at('dataset', 'add', path.join(folder, 'digits'), '--name', 'some'));
});
afterAll(() => remove());

function onTerminal(
  args: readonly string[],
  options: { typed?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number | null; shown: string }> {
  const command = ['-c', ON_A_TERMINAL, options.typed ?? '', process.execPath, LAUNCHER, ...args];
  const child = spawn('python3', command, {
    // CI and NODE_DISABLE_COLORS also disable colours in Node; neither is part of a terminal.
    env: {
      ...process.env,
      CI: undefined,
      NODE_DISABLE_COLORS: undefined,
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      TERM: 'xterm',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, shown }));
  });
}

describe.skipIf(!possible)('on a terminal', () => {
  it('shows a bar and colours', async () => {
    const digits = path.join(folder, 'digits');
    const { code, shown } = await onTerminal(at('dataset', 'add', digits, '--name', 'shown'));
    expect(code).toBe(0);
    expect(shown).toContain('\u001b[1mshown\u001b[22m');
    expect(stripVTControlCharacters(shown)).toMatch(/(checking images|saving) +[█░]+ +\d+ % /);
    // The cursor hidden by the progress bar is restored.
    expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf('\u001b[?25l'));
  });

  it('shows no colours under NO_COLOR', async () => {
    const { shown } = await onTerminal(at('dataset', 'show', 'some'), { env: { NO_COLOR: '1' } });
    expect(shown).toMatch(/^some\r\n/);
    expect(shown).toBe(stripVTControlCharacters(shown));
  });

  it.each([
    ['n\r', 'anything but yes'],
    ['\r', 'nothing'],
    ['\u0003', 'Ctrl-C'],
  ])('removes nothing at %j: %s', async (typed) => {
    const { code, shown } = await onTerminal(at('dataset', 'remove', 'some'), { typed });
    expect(code).toBe(1);
    expect(stripVTControlCharacters(shown)).toContain('Nothing was removed.');
    expect(await answer(v.array(dataset), at('dataset', 'list'))).toContainEqual(
      expect.objectContaining({ name: 'some' }) as object,
    );
  });

  it('removes at yes', async () => {
    const { code, shown } = await onTerminal(at('dataset', 'remove', 'some'), { typed: 'y\r' });
    expect(code).toBe(0);
    expect(shown).toContain('are still there.');
    expect(shown).toContain('karst bin restore ');
  });
});
