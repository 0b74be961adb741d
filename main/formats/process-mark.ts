import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Tells one process from all others of this machine, also from one that gets its number later: `<pid>-<start>-<boot>`.
 * Nothing in it depends on the clock, which may be set while the process runs. `start` is what the system noted when it
 * began, on Linux in ticks since the boot; `boot` are eight characters of the name that this boot has. Where the system
 * says neither (Windows), both are empty, and a number that was given anew counts as the same process.
 */
export type ProcessMark = string;

const MARK = /^(\d+)-(\d*)-([0-9a-f]*)$/;

/** A tick of rounding, where a namespace has shifted the time since boot. */
const TICKS_APART = 1;
/** `_SC_CLK_TCK` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Told {
  /** Empty where the system does not say. */
  readonly start: string;
  /** Ended, and only kept until its parent asks how. */
  readonly ended: boolean;
}

/** null where the system says nothing of such a process. */
function told(pid: number): Told | null {
  if (process.platform === 'linux') return toldByProc(pid);
  if (process.platform === 'darwin') return toldByPs(pid);
  return null;
}

function toldByProc(pid: number): Told | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command name in parentheses may hold spaces; behind it come the state and, as the 20th, the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[19]);
  const ended = fields[0] === 'Z' || fields[0] === 'X';
  return { start: Number.isFinite(ticks) ? String(Math.round(ticks - bootShift())) : '', ended };
}

/** Ticks by which the time since boot is ahead in this process's namespace: another process may see it otherwise. */
function bootShift(): number {
  const [, seconds = '0', nanoseconds = '0'] =
    /^boottime\s+(-?\d+)\s+(\d+)/m.exec(readOrNull('/proc/self/timens_offsets') ?? '') ?? [];
  return (Number(seconds) + Number(nanoseconds) / 1e9) * TICKS_PER_SECOND;
}

function toldByPs(pid: number): Told | null {
  try {
    // `lstart` is noted when the process begins; only its words depend on language and time zone.
    const line = execFileSync('/bin/ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const at = Date.parse(`${line.replace(/^\S+\s+/, '')} UTC`);
    return { start: Number.isNaN(at) ? '' : String(at), ended: line.startsWith('Z') };
  } catch {
    // `ps` ends with 1 where there is no such process.
    return null;
  }
}

function bootName(): string {
  if (process.platform === 'linux')
    return (readOrNull('/proc/sys/kernel/random/boot_id') ?? '')
      .replaceAll(/[^0-9a-f]/g, '')
      .slice(0, 8);
  return '';
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not there, not on this system, or hidden from this account.
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return null;
    throw error;
  }
}

let own: ProcessMark | null = null;

/** That of this process. */
export function ownMark(): ProcessMark {
  own ??= `${process.pid}-${told(process.pid)?.start ?? ''}-${bootName()}`;
  return own;
}

/** Which boot a process ran in; empty where that is not known. */
export function bootOf(mark: ProcessMark): string {
  return MARK.exec(mark)?.[3] ?? '';
}

/** Whether the process still runs. What cannot be known counts as running. */
export function isMarkAlive(mark: ProcessMark): boolean {
  const [, pidText, start = '', boot = ''] = MARK.exec(mark) ?? [];
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid > 2 ** 31 - 1) return false;
  const now = bootOf(ownMark());
  if (boot !== '' && now !== '' && boot !== now) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs under another account.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const there = told(pid);
  if (there === null || start === '' || there.start === '') return there?.ended !== true;
  return !there.ended && Math.abs(Number(there.start) - Number(start)) <= TICKS_APART;
}
