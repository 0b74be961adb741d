import { lstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';

/** What was not touched for so long is nobody's, where the name does not say whose it is. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes what ended processes left, one path after the other, and keeps account of it. */
export class Sweep {
  /** Paths that were removed. */
  readonly removed: string[] = [];
  /** Sentences of what could not be. */
  readonly problems: string[] = [];

  /** Removes a file or a folder with all that is in it. Never rejects: what fails is a problem. */
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
 * Whether an entry belongs to this account and has not changed for a day. False, too, where it cannot be looked at.
 * @param now milliseconds since 1970
 */
export function isOldOwn(path: string, now: number): boolean {
  try {
    const { uid, mtimeMs } = lstatSync(path);
    return (process.getuid === undefined || uid === process.getuid()) && now - mtimeMs > DAY_MS;
  } catch {
    // It went away, or may not be looked at: whoever may sweeps it.
    return false;
  }
}
