import { randomBytes } from 'node:crypto';
import { isMarkAlive, ownMark } from '../formats/process-mark.ts';

/**
 * The owner of work in the library: `<mark of the process>:<nonce>`. The mark distinguishes the
 * process from a later one with the same pid, independent of the clock; the nonce distinguishes
 * studios of one process.
 */
export type Owner = string;

const alive = new Set<Owner>();

/** A new owner in this process; `releaseOwner` ends it. */
export function newOwner(): Owner {
  const owner = `${ownMark()}:${randomBytes(4).toString('hex')}`;
  alive.add(owner);
  return owner;
}

export function releaseOwner(owner: Owner): void {
  alive.delete(owner);
}

/** Whether the owner's process still runs and, in this process, the owner was not released. */
export function isOwnerAlive(owner: Owner): boolean {
  const parts = owner.split(':');
  // Owners of earlier versions: `<pid>:<start>:<nonce>`.
  const mark = parts.length === 3 ? `${parts[0]}-${parts[1]}-` : (parts[0] ?? '');
  return mark === ownMark() ? alive.has(owner) : isMarkAlive(mark);
}
