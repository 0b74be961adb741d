import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/** Age after which a file without an owner in its name is abandoned. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes files of ended processes and records the outcome. */
export class Sweep {
  /** Removed paths. */
  readonly removed: string[] = [];
  /** Sentences about failures. */
  readonly problems: string[] = [];

  /** Removes a file or a folder recursively. Never rejects: failures are recorded. */
  async remove(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
      this.removed.push(path);
    } catch (error) {
      this.problems.push(
        `The left-over ${path} could not be removed: ${(error as Error).message}.`,
      );
    }
  }
}

/**
 * Whether an entry belongs to this account and has not changed for a day. False if it cannot be
 * examined.
 * @param now milliseconds since 1970
 */
export function isOldOwn(path: string, now: number): boolean {
  try {
    const { uid, mtimeMs } = lstatSync(path);
    return (process.getuid === undefined || uid === process.getuid()) && now - mtimeMs > DAY_MS;
  } catch {
    // It has gone, or cannot be examined.
    return false;
  }
}
