import { homedir, userInfo } from 'node:os';

/**
 * Takes out of a text what says whose machine it came from: paths of files and folders, the account's name.
 * @param known folders and names that must not appear, in whatever form
 */
export function anonymous(text: string, known: readonly string[] = ownNames()): string {
  let clean = text;
  // Paths first: they hold the names. A drive or a leading slash, then anything but blanks, quotes and brackets.
  clean = clean.replaceAll(
    /(?<![\w.:/\\])(?:[A-Za-z]:\\|\\\\|\/(?=[\w.~-]))[^\s"'<>()[\],;]*/g,
    '<path>',
  );
  for (const name of known) if (name.length > 2) clean = clean.replaceAll(name, '<name>');
  return clean;
}

function ownNames(): string[] {
  const names = [homedir()];
  try {
    names.push(userInfo().username);
  } catch (error) {
    // In a container the account may have no entry: then it has no name to hide.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
  }
  return names;
}
