import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bootOf, isMarkAlive, ownMark } from './process-mark.ts';
import { isOldOwn, Sweep } from './sweep.ts';

/** `.<name>.<mark of the process>.<12 hex digits>.tmp`: hidden, and unlike any user's file name. */
const TEMPORARY = /^\..+\.(\d+-\d*-[0-9a-f]*)\.[0-9a-f]{12}\.tmp$/s;

/** The form of earlier versions, without an owner. */
const UNMARKED = /^\..+\.[0-9a-f]{12}\.tmp$/s;

/**
 * Bytes of the final name kept in a temporary one: names have at most 255 bytes, and the rest needs
 * up to 60.
 */
const NAME_BYTES = 150;

/**
 * A unique name beside `path` that identifies its process, so that others can tell whether it is
 * still in use. The leading dot hides it from folder listings of images.
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
 * Removes temporary files and folders of ended processes from a folder, not from subfolders. Only
 * exact names match. Those of earlier versions, without an owner, are removed after a day.
 * @param boot only those of processes of that boot, for folders that other machines also write to
 */
export async function sweepTemporaries(folder: string, boot: string | null = null): Promise<Sweep> {
  const sweep = new Sweep();
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      sweep.problems.push(`${folder} could not be searched: ${message}.`);
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
