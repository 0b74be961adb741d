import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isMarkAlive, ownMark } from '../../../main/formats/process-mark.ts';

const MODULE = new URL('../../../main/formats/process-mark.ts', import.meta.url).href;
/** Prints its mark and runs until its input ends. */
const TELL = `import(${JSON.stringify(MODULE)}).then(({ ownMark }) => { console.log(ownMark()); process.stdin.resume(); });`;

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    const gone = child.exitCode !== null || child.signalCode !== null ? null : once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
});

async function started(
  command: string,
  args: string[],
): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [data] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, line: data.toString('utf8').trim() };
}

function hasTimeNamespaces(): boolean {
  try {
    execFileSync('unshare', ['-T', '--boottime', '1', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('the mark of a process', () => {
  it('is alive as long as the process, and not for one that has its number later', async () => {
    expect(isMarkAlive(ownMark())).toBe(true);
    const { child, line } = await started(process.execPath, ['-e', TELL]);
    expect(line).not.toBe(ownMark());
    expect(isMarkAlive(line)).toBe(true);
    const [, start = '', boot] = line.split('-');
    if (start !== '') expect(isMarkAlive(`${child.pid}-${Number(start) + 2}-${boot}`)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isMarkAlive(line)).toBe(false);
  });

  it('is nobody’s where it is none', () => {
    for (const mark of ['', 'x', '0-1-', '-1-1-', '99999999999-1-', '1-x-', `${2 ** 53}--`])
      expect(isMarkAlive(mark)).toBe(false);
  });

  it('does not change with the clock', () => {
    const before = ownMark();
    vi.useFakeTimers({ now: new Date('2100-01-01') });
    try {
      expect([ownMark(), isMarkAlive(before)]).toEqual([before, true]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.runIf(process.platform === 'linux')('ends with the boot', () => {
    const [pid, start, boot = ''] = ownMark().split('-');
    expect(boot).toMatch(/^[0-9a-f]{8}$/);
    const other = boot === '00000000' ? '11111111' : '00000000';
    expect(isMarkAlive(`${pid}-${start}-${other}`)).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'ends when the process does, though its parent never asks how',
    async () => {
      // The shell execs a program that never waits for children; only then does its child exit and
      // become a zombie.
      const { child, line } = await started('sh', [
        '-c',
        'exec 3<&0; cat <&3 & echo $!; exec sleep 600 3<&-',
      ]);
      const stat = (pid: unknown): string => readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
      const soon = { timeout: 60_000 };
      await vi.waitFor(() => expect(stat(child.pid)).toContain('(sleep)'), soon);
      child.stdin?.end();
      await vi.waitFor(() => expect(stat(line)).toMatch(/\) Z /), soon);
      const start = stat(line).split(') ')[1]?.split(' ')[19] ?? '';
      expect(isMarkAlive(`${line}-${start}-`)).toBe(false);
    },
  );

  it.runIf(process.platform === 'linux' && hasTimeNamespaces())(
    'is the same seen from where the time since boot is another',
    async () => {
      const ahead = ['-T', '--boottime', '86400', process.execPath, '-e'];
      const { line } = await started('unshare', [...ahead, TELL]);
      expect(isMarkAlive(line)).toBe(true);
      const look = `import(${JSON.stringify(MODULE)}).then(({ isMarkAlive }) => console.log(isMarkAlive('${ownMark()}')));`;
      expect((await started('unshare', [...ahead, look])).line).toBe('true');
    },
  );
});
