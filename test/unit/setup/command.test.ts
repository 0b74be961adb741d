import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const COMMAND = new URL('../../../main/setup/command.mjs', import.meta.url);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

describe.skipIf(process.platform === 'win32')('a command that was started with its group', () => {
  it('ends with its caller, and so does what it has started', async () => {
    const script = `
      import { runCommand } from ${JSON.stringify(COMMAND.href)};
      await runCommand('sh', ['-c', 'sleep 600 & echo $!; wait'], {
        group: true,
        onLine: (line) => { console.log(line); process.exit(0); },
      });`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: fileURLToPath(new URL('.', COMMAND)),
    });
    const sleeping = Number(out.trim());
    expect(sleeping).toBeGreaterThan(0);
    await expect.poll(() => isAlive(sleeping)).toBe(false);
  });
});
