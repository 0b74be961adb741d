import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError, writeError } from '../../formats/files.ts';
import { systemTemporaryPrefix } from '../../formats/system-temporaries.ts';
import type { HomeFolders } from '../home.ts';

/** Attempts to copy a library that is being written. */
const ATTEMPTS = 5;

/**
 * Whether a home exists and cannot be written: a read-only mount or medium, or another account's.
 */
export function isReadOnly({ root, library }: HomeFolders): boolean {
  if (!existsSync(root)) return false;
  return [root, library].filter((path) => existsSync(path)).some((path) => !mayWrite(path));
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false;
    throw readError(path, error);
  }
}

/** A writable copy of a library, for one session. */
export interface LibraryCopy {
  readonly path: string;
  /** A folder for the session's other files. */
  readonly work: string;
  /** Removes it. */
  remove(): void;
}

/**
 * Copies a library with its WAL into a temporary folder: SQLite cannot read a WAL without writing
 * beside it, and an older schema must be migrated before it can be read.
 * @throws not-writable where there is no library; in-use when it keeps changing; not-readable
 */
export async function copyLibrary({ root, library }: HomeFolders): Promise<LibraryCopy> {
  if (!existsSync(library))
    throw new KarstError('not-writable', `The home ${root} is read-only and holds no library.`, {
      hint: 'Choose another home, or make it writable.',
      option: '--home',
      path: root,
    });
  let folder: string;
  try {
    folder = mkdtempSync(systemTemporaryPrefix('library'));
  } catch (error) {
    throw writeError(tmpdir(), error);
  }
  const path = join(folder, basename(library));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = stateOf(library);
      for (const end of ['', '-wal']) {
        rmSync(path + end, { force: true });
        if (!existsSync(library + end)) continue;
        await copyFile(library + end, path + end);
        // A copy has its source's file modes, which may forbid writing.
        await chmod(path + end, 0o600);
      }
      if (stateOf(library) === before) return { path, work: join(folder, 'work'), remove };
    }
  } catch (error) {
    remove();
    throw readError(library, error);
  }
  remove();
  throw new KarstError('in-use', `The library ${library} is being written by another process.`, {
    hint: 'Try again when the other KARST Studio is done.',
    path: library,
  });
}

/** A fingerprint of the file and its WAL. */
function stateOf(library: string): string {
  return ['', '-wal']
    .map((end) => statSync(library + end, { throwIfNoEntry: false }))
    .map((info) => (info === undefined ? '-' : `${info.size} ${info.mtimeMs}`))
    .join(', ');
}
