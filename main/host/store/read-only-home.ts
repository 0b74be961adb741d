import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { KarstError } from '../../../shared/domain/errors.ts';
import { readError, writeError } from '../../formats/files.ts';
import { systemTemporaryPrefix } from '../../formats/system-temporaries.ts';
import type { HomeFolders } from '../home.ts';

/** Times that a library which is being written is copied anew before that is given up. */
const ATTEMPTS = 5;

/** Whether a home is there and nothing can be written into it: a mount, a medium, another account's. */
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

/** A copy of a library that may be written, for the time of a session. */
export interface LibraryCopy {
  readonly path: string;
  /** Whatever else the session needs to write. */
  readonly work: string;
  /** Takes it away. */
  remove(): void;
}

/**
 * Copies a library with its log into a folder of its own: SQLite reads no log without writing beside it, and an older
 * schema must be brought up to date before it can be read.
 * @throws not-writable where there is no library; in-use when it does not hold still; not-readable
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
        // A copy has the modes of its source, which are what forbids writing.
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

/** Changes with the file or its log. */
function stateOf(library: string): string {
  return ['', '-wal']
    .map((end) => statSync(library + end, { throwIfNoEntry: false }))
    .map((info) => (info === undefined ? '-' : `${info.size} ${info.mtimeMs}`))
    .join(', ');
}
