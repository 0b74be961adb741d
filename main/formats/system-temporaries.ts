import { lstatSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMarkAlive, ownMark } from './process-mark.ts';

export interface Swept {
  /** Paths that were removed. */
  readonly removed: readonly string[];
  /** Sentences of what could not be. */
  readonly problems: readonly string[];
}

/** What the studio keeps in the system's temporary folder. */
const KINDS = ['previews', 'uploads', 'graph', 'library'] as const;
type Kind = (typeof KINDS)[number];

const ENDING = '[A-Za-z0-9]{6}';
/** `karst-<kind>-<mark of the process>.<6 letters or digits>`. */
const MARKED = new RegExp(`^karst-(?:${KINDS.join('|')})-(\\d+-\\d*-[0-9a-f]*)\\.${ENDING}$`);
/** Earlier versions did not say whose it is. */
const UNMARKED = new RegExp(`^karst-(?:${KINDS.join('|')})-${ENDING}$`);

/** What was not touched for so long is nobody's, where the name does not say whose it is. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** For `mkdtemp`: a folder in the system's temporary folder, with a name that says which process made it. */
export function systemTemporaryPrefix(kind: Kind): string {
  return join(tmpdir(), `karst-${kind}-${ownMark()}.`);
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

/**
 * Removes from the system's temporary folder what processes of the studio left there that run no more. Nothing but this account's
 * folders of exactly such names.
 * @param now milliseconds since 1970
 */
export async function sweepSystemTemporaries(folder = tmpdir(), now = Date.now()): Promise<Swept> {
  const removed: string[] = [];
  const problems: string[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const mark = MARKED.exec(name)?.[1];
    const isNobodys =
      mark === undefined ? UNMARKED.test(name) && isOldOwn(path, now) : !isMarkAlive(mark);
    if (!isNobodys || !isOwnFolder(path)) continue;
    try {
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    } catch (error) {
      problems.push(`The left-over ${path} could not be removed: ${(error as Error).message}.`);
    }
  }
  return { removed, problems };
}

/** Not a link to one: what that leads to is not ours. */
function isOwnFolder(path: string): boolean {
  try {
    const info = lstatSync(path);
    return info.isDirectory() && (process.getuid === undefined || info.uid === process.getuid());
  } catch {
    // It went away, or may not be looked at.
    return false;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // A temporary folder that cannot be read is told of by whoever needs it.
    return [];
  }
}
