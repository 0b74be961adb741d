import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';

export interface NamedEntry {
  readonly name: string;
  readonly entry: Dirent<Buffer>;
}

export interface ReadFolder {
  /** In the order of their code points, as Python's `sorted` has them. */
  readonly entries: readonly NamedEntry[];
  /** Names that are not UTF-8, with `\xE4` for each byte that is no letter of ASCII. */
  readonly unnameable: readonly string[];
}

/**
 * What is in a folder. Linux takes any bytes for a name, and Node answers with U+FFFD for those that are not UTF-8:
 * a file of that name does not exist. Such names are told apart instead, since everything here opens files by text.
 * @throws errors of the system
 */
export async function readFolder(folder: string): Promise<ReadFolder> {
  const entries: NamedEntry[] = [];
  const unnameable: string[] = [];
  const found = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  for (const entry of found.sort((a, b) => Buffer.compare(a.name, b.name)))
    if (isUtf8(entry.name)) entries.push({ name: entry.name.toString('utf8'), entry });
    else unnameable.push(escaped(entry.name));
  return { entries, unnameable };
}

function escaped(name: Buffer): string {
  return Array.from(name, (byte) =>
    byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** Why an entry of `unnameable` is left out. */
export const NOT_UTF8 = 'Its name is not UTF-8, so that it cannot be opened: rename it.';

/** Of a list of answers: what is said of an entry that cannot be opened. @param reason a sentence */
export function unreadableEntry(path: string, reason: string): ErrorReport {
  return {
    code: 'not-readable',
    message: `${path}: ${reason}`,
    hint: 'Rename it, or check that your account may open it.',
    path,
  };
}

export const CHOOSE_IMAGES =
  'Choose a folder with JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or HEIC files.';

/** @param folders whether it has folders that were not looked into */
export function noImageIn(folder: string, folders = false): KarstError {
  return new KarstError('not-found', `There is no image in ${folder}.`, {
    hint: folders
      ? 'The folders within it are not looked into: name the one that has the images.'
      : CHOOSE_IMAGES,
    path: folder,
  });
}
