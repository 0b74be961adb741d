import type { Dirent, Stats } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { DatasetProblem } from '../../../../shared/domain/library.ts';
import type { FindingKind } from '../../../../shared/domain/problem-kinds.ts';
import { openFile, readError, reasonOf } from '../../../formats/files.ts';
import { IMAGE_ENDINGS, imageSignature } from '../../../formats/image-signature.ts';
import { otherFormat } from '../../../formats/other-formats.ts';
import { NOT_UTF8, readFolder } from '../folder-names.ts';
import { throwIfCancelled } from '../paths.ts';
import { isHidden, isSystemLeftover, mayBeImage } from './listing.ts';

export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

/**
 * Shared state of a walk: problems found, folders visited (against loops by links), cancellation.
 */
export interface Walk {
  readonly problems: DatasetProblem[];
  readonly seen: Set<string>;
  readonly signal?: AbortSignal | undefined;
  /** Encoding of lists and tables without a byte order mark; default UTF-8. */
  readonly encoding?: string | undefined;
  /** Called for every image file found. */
  readonly onFile?: (() => void) | undefined;
  /** Called for every folder that is read, also to detect the layout. */
  readonly onFolder?: (() => void) | undefined;
}

/**
 * Entries of a folder by code point, links resolved. Skipped entries (hidden, unusable) are
 * reported, so that one bad entry does not end the walk.
 * @throws not-found, not-readable for the folder itself
 */
export async function entriesOf(dir: string, walk: Walk): Promise<FolderEntry[]> {
  throwIfCancelled(walk.signal, 'The import');
  walk.onFolder?.();
  const { entries, unnameable } = await readFolder(dir).catch((error: unknown) => {
    throw readError(dir, error);
  });
  const tell = (kind: FindingKind, path: string, reason: string): null => {
    walk.problems.push({ kind, path, reason });
    return null;
  };
  for (const name of unnameable) tell('unreadable', join(dir, name), NOT_UTF8);
  const found: FolderEntry[] = [];
  const leftovers: string[] = [];
  for (const { name, entry } of entries) {
    const path = join(dir, name);
    if (isSystemLeftover(name)) {
      leftovers.push(name);
      continue;
    }
    const kind = await kindOf(path, entry, tell);
    if (kind === null) continue;
    if (!isHidden(name)) found.push({ name, path, kind });
    else if (kind === 'folder')
      tell('ignored', path, 'It is hidden and was skipped with its contents.');
    else if (IMAGE_ENDINGS.includes(extname(name).toLowerCase()))
      tell('hidden-file', path, 'It has an image extension but is hidden, and was skipped.');
    else tell('ignored', path, 'It is hidden and was skipped.');
  }
  if (leftovers.length > 0) tell('ignored', dir, leftoverReason(leftovers));
  return found;
}

async function kindOf(
  path: string,
  entry: Dirent<Buffer>,
  tell: (kind: FindingKind, path: string, reason: string) => null,
): Promise<FolderEntry['kind'] | null> {
  let target: Pick<Stats, 'isDirectory' | 'isFile'> = entry;
  if (entry.isSymbolicLink()) {
    try {
      target = await stat(path);
    } catch (error) {
      return tell('broken-link', path, `The link leads nowhere: ${reasonOf(error)}.`);
    }
  }
  if (target.isFile()) return 'file';
  if (!target.isDirectory()) return tell('ignored', path, 'It is neither a file nor a folder.');
  try {
    await (await opendir(path)).close();
    return 'folder';
  } catch (error) {
    return tell('unreadable', path, `The folder cannot be read: ${reasonOf(error)}.`);
  }
}

/** System files can be as many as the images: reported in one sentence. */
function leftoverReason(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
  return names.length === 1
    ? `${shown} is a system file and was skipped.`
    : `${names.length} system files were skipped (${shown}).`;
}

/** Marks a folder as visited; false if it was visited by another path, or cannot be. */
export async function enterFolder(dir: string, walk: Walk): Promise<boolean> {
  const leaveOut = (kind: FindingKind, reason: string): false => {
    walk.problems.push({ kind, path: dir, reason });
    return false;
  };
  let real: string;
  try {
    real = await realpath(dir);
  } catch (error) {
    return leaveOut('unreadable', `The folder cannot be read: ${reasonOf(error)}.`);
  }
  if (walk.seen.has(real))
    return leaveOut('ignored', `It leads to ${real}, which was already visited.`);
  walk.seen.add(real);
  return true;
}

/** Reports why a file among images is skipped: a picture in another format is a problem. */
export function ignoreFile({ name, path }: FolderEntry, walk: Walk): void {
  const kind = otherFormat(name) === null ? 'ignored' : 'unsupported-format';
  walk.problems.push({ kind, path, reason: whyNoImage(name) });
}

export function whyNoImage(name: string): string {
  const format = otherFormat(name);
  if (format !== null) return `${format} is not read; convert it to JPEG or PNG.`;
  const ending = extname(name).toLowerCase();
  return ending === '' || ending === '.'
    ? 'It has no extension, and its content is not an image.'
    : `"${ending}" is not a supported image extension.`;
}

/** Whether a file is to be listed; one without an extension only if its first bytes are an image's. */
export async function isListed({ name, path }: FolderEntry): Promise<boolean> {
  return mayBeImage(name) && (extname(name) !== '' || (await startsAsImage(path)) !== false);
}

/** By the first bytes; null if they cannot be read. */
export async function startsAsImage(path: string): Promise<boolean | null> {
  const head = Buffer.alloc(512);
  try {
    const file = await openFile(path);
    try {
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      return imageSignature(head.subarray(0, bytesRead)).kind === 'supported';
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

/** Paths of the image files in a folder and its subfolders. @throws as `entriesOf` */
export async function* imagesBelow(dir: string, walk: Walk): AsyncGenerator<string> {
  if (!(await enterFolder(dir, walk))) return;
  for (const entry of await entriesOf(dir, walk)) {
    if (entry.kind === 'folder') yield* imagesBelow(entry.path, walk);
    else if (await isListed(entry)) {
      walk.onFile?.();
      yield entry.path;
    } else ignoreFile(entry, walk);
  }
}
