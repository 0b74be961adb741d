import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { extname, join } from 'node:path';
import type { DatasetProblem } from '../../../../shared/domain/library.ts';
import { readError, reasonOf } from '../../../formats/files.ts';
import { throwIfCancelled } from '../paths.ts';
import { byCodePoint, isHidden, mayBeImage } from './listing.ts';

export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder';
}

/** What walking a tree shares: problems found, folders seen (so that links make no loops), the way to stop. */
export interface Walk {
  readonly problems: DatasetProblem[];
  readonly seen: Set<string>;
  readonly signal?: AbortSignal | undefined;
  /** Code page of lists and tables without a byte order mark; left out: UTF-8. */
  readonly encoding?: string | undefined;
  /** Told about every image file found. */
  readonly onFile?: (() => void) | undefined;
}

/** Entries of a folder in the order of their code points, links resolved, hidden ones left out. */
export async function entriesOf(dir: string, walk: Walk): Promise<FolderEntry[]> {
  throwIfCancelled(walk.signal, 'The import');
  let entries: Dirent[];
  try {
    entries = await readdir(dir, { withFileTypes: true });
  } catch (error) {
    throw readError(dir, error);
  }
  const found: FolderEntry[] = [];
  for (const entry of entries.sort((a, b) => byCodePoint(a.name, b.name))) {
    if (isHidden(entry.name)) continue;
    const path = join(dir, entry.name);
    let kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : null;
    if (entry.isSymbolicLink()) {
      try {
        const target = await stat(path);
        kind = target.isDirectory() ? 'folder' : target.isFile() ? 'file' : null;
      } catch (error) {
        walk.problems.push({
          kind: 'ignored',
          path,
          reason: `The link leads nowhere: ${reasonOf(error)}.`,
        });
        continue;
      }
    }
    if (kind === null)
      walk.problems.push({ kind: 'ignored', path, reason: 'It is neither a file nor a folder.' });
    else found.push({ name: entry.name, path, kind: kind as 'file' | 'folder' });
  }
  return found;
}

/** Marks a folder as visited; false when it was before, by another way. */
export async function enterFolder(dir: string, walk: Walk): Promise<boolean> {
  const real = await realpath(dir).catch((error: unknown) => {
    throw readError(dir, error);
  });
  if (walk.seen.has(real)) {
    walk.problems.push({
      kind: 'ignored',
      path: dir,
      reason: `It leads to ${real}, which was visited already.`,
    });
    return false;
  }
  walk.seen.add(real);
  return true;
}

/** Says why a file that is not an image by its ending is left out. */
export function ignoreFile(path: string, walk: Walk): void {
  const ending = extname(path).toLowerCase();
  if (ending === '.svg' || ending === '.svgz')
    walk.problems.push({
      kind: 'ignored',
      path,
      reason: 'SVG files are not taken: they are drawings that may hold scripts.',
    });
  else
    walk.problems.push({
      kind: 'ignored',
      path,
      reason: `"${ending}" is not the ending of an image file.`,
    });
}

/** Paths of the image files in a folder and the folders within it. */
export async function* imagesBelow(dir: string, walk: Walk): AsyncGenerator<string> {
  if (!(await enterFolder(dir, walk))) return;
  for (const entry of await entriesOf(dir, walk)) {
    if (entry.kind === 'folder') yield* imagesBelow(entry.path, walk);
    else if (mayBeImage(entry.name)) {
      walk.onFile?.();
      yield entry.path;
    } else ignoreFile(entry.path, walk);
  }
}
