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
  /** Sorted by code point, as by Python's `sorted`. */
  readonly entries: readonly NamedEntry[];
  /** Names that are not UTF-8, with `\xE4` for each non-ASCII byte. */
  readonly unnameable: readonly string[];
}

/**
 * The entries of a folder. Linux allows any bytes in names; Node replaces invalid UTF-8 by U+FFFD,
 * and no file has that name. Such names are returned separately, since files are opened by text
 * here.
 * @throws system errors
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

/** Why an entry of `unnameable` is skipped. */
export const NOT_UTF8 = 'Its name is not UTF-8, so that it cannot be opened: rename it.';

/** The report of an entry that cannot be opened. @param reason a sentence */
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

/** @param folders whether it has subfolders that were not read */
export function noImageIn(folder: string, folders = false): KarstError {
  return new KarstError('not-found', `There is no image in ${folder}.`, {
    hint: folders ? 'Subfolders are not searched: name the one with the images.' : CHOOSE_IMAGES,
    path: folder,
  });
}
