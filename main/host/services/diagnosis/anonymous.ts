import { homedir, userInfo } from 'node:os';

/** A drive, a share or a leading slash, then anything but blanks, quotes and brackets. */
const PATH = /(?<![\w.:/\\])(?:[A-Za-z]:\\|\\\\|\/(?=[\w.~-]))[^\s"'<>()[\],;]*/g;

/**
 * Removes from a text what identifies the machine: paths, the account's name.
 * @param paths that may occur in it; paths with blanks are recognised only if listed
 */
export function anonymous(text: string, paths: readonly string[] = []): string {
  const known = [...paths, homedir()].filter((path) => path.length > 1);
  let clean = text;
  // Longest first: a folder's path is a prefix of its files' paths.
  for (const path of known.sort((a, b) => b.length - a.length))
    clean = clean.replaceAll(path, '<path>');
  clean = clean.replaceAll(PATH, '<path>').replaceAll(/(<path>[\\/]?)+/g, '<path>');
  const account = accountName();
  // A name of one or two letters would match within words.
  return account !== null && account.length > 2 ? clean.replaceAll(account, '<name>') : clean;
}

function accountName(): string | null {
  try {
    return userInfo().username;
  } catch (error) {
    // In a container the account may have no entry: then it has no name to hide.
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return null;
    throw error;
  }
}
