import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMarkAlive, ownMark } from './process-mark.ts';
import { isOldOwn, Sweep } from './sweep.ts';

/** Kinds of folders in the system's temporary folder. */
const KINDS = ['previews', 'uploads', 'graph', 'library'] as const;
type Kind = (typeof KINDS)[number];

const ENDING = '[A-Za-z0-9]{6}';
/** `karst-<kind>-<mark of the process>.<6 letters or digits>`. */
const MARKED = new RegExp(`^karst-(?:${KINDS.join('|')})-(\\d+-\\d*-[0-9a-f]*)\\.${ENDING}$`);
/** The name in earlier versions, without an owner. */
const UNMARKED = new RegExp(`^karst-(?:${KINDS.join('|')})-${ENDING}$`);

/** For `mkdtemp`: a folder in the system's temporary folder, with a name that says which process made it. */
export function systemTemporaryPrefix(kind: Kind): string {
  return join(tmpdir(), `karst-${kind}-${ownMark()}.`);
}

/**
 * Removes folders of ended studio processes from the system's temporary folder: only this account's
 * folders with exactly such names.
 * @param now milliseconds since 1970
 */
export async function sweepSystemTemporaries(folder = tmpdir(), now = Date.now()): Promise<Sweep> {
  const sweep = new Sweep();
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const mark = MARKED.exec(name)?.[1];
    const isNobodys =
      mark === undefined ? UNMARKED.test(name) && isOldOwn(path, now) : !isMarkAlive(mark);
    if (isNobodys && isOwnFolder(path)) await sweep.remove(path);
  }
  return sweep;
}

/** Not a link, whose target is not ours. */
function isOwnFolder(path: string): boolean {
  try {
    const info = lstatSync(path);
    return info.isDirectory() && (process.getuid === undefined || info.uid === process.getuid());
  } catch {
    // It has gone, or cannot be examined.
    return false;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // An unreadable temporary folder is reported by its users.
    return [];
  }
}
