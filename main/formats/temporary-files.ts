import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bootOf, isMarkAlive, ownMark } from './process-mark.ts';
import { isOldOwn, Sweep } from './sweep.ts';

/** `.<name>.<mark of the process>.<12 hex digits>.tmp`: hidden, and exactly what no person names a file. */
const TEMPORARY = /^\..+\.(\d+-\d*-[0-9a-f]*)\.[0-9a-f]{12}\.tmp$/s;

/** That of earlier versions, which does not say whose it is. */
const UNMARKED = /^\..+\.[0-9a-f]{12}\.tmp$/s;

/** Bytes of the final name that a temporary one keeps: file systems take 255, and the rest needs up to 60. */
const NAME_BYTES = 150;

/**
 * A name beside `path` that no one else uses and that says which process made it, so that others can tell whether it
 * is anybody's still. The leading dot hides it from folder listings of images.
 */
export function temporaryName(path: string): string {
  const random = randomBytes(6).toString('hex');
  return join(dirname(path), `.${clipped(basename(path))}.${ownMark()}.${random}.tmp`);
}

function clipped(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > NAME_BYTES) short = short.slice(0, -1);
  return short;
}

/**
 * Removes from a folder, not from deeper ones, the temporary files and folders of processes that run no more. Whatever
 * has not exactly such a name stays. Those of earlier versions, which do not say whose they are, go after a day.
 * @param boot only those of processes of that boot: in a folder that other machines may write into, too
 */
export async function sweepTemporaries(folder: string, boot: string | null = null): Promise<Sweep> {
  const sweep = new Sweep();
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      sweep.problems.push(`${folder} could not be looked through: ${message}.`);
    return sweep;
  }
  for (const name of names) {
    const path = join(folder, name);
    const mark = TEMPORARY.exec(name)?.[1];
    if (mark === undefined) {
      if (boot !== null || !UNMARKED.test(name) || !isOldOwn(path, Date.now())) continue;
    } else if (isMarkAlive(mark) || (boot !== null && bootOf(mark) !== boot)) continue;
    await sweep.remove(path);
  }
  return sweep;
}
