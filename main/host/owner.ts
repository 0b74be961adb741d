import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Who works on something in the library: `<pid>:<start>:<nonce>`. A process id alone is reused by the system,
 * so on Linux the process's start time goes with it; the nonce tells several studios of one process apart.
 */
export type Owner = string;

const alive = new Set<Owner>();

/** Start of a process in clock ticks since boot; empty where the system does not say. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name in parentheses may hold spaces; the start time is the 20th field behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

/** A new owner in this process; `releaseOwner` ends it. */
export function newOwner(): Owner {
  const owner = `${process.pid}:${startOf(process.pid)}:${randomBytes(4).toString('hex')}`;
  alive.add(owner);
  return owner;
}

export function releaseOwner(owner: Owner): void {
  alive.delete(owner);
}

/** Whether the process behind an owner still runs (and, in this process, whether the owner was not released). */
export function isOwnerAlive(owner: Owner): boolean {
  const [pidText = '', start = ''] = owner.split(':');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid && start === startOf(pid)) return alive.has(owner);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs under another account.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return start === startOf(pid);
}
