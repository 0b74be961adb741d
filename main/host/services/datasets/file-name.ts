import { dirname, sep } from 'node:path';

/**
 * An image's path relative to the imported folder or table, with forward slashes; of a further
 * source relative to the folder that it is in, so that its name is told. The full path if it is
 * elsewhere, as list files and tables can name such.
 */
export function fileBelow([first = '', ...further]: readonly string[], path: string): string {
  for (const folder of [first, ...further.map((source) => dirname(source)), dirname(first)]) {
    const start = folder.endsWith(sep) ? folder : folder + sep;
    if (path.startsWith(start)) return path.slice(start.length).replaceAll(sep, '/');
  }
  return path.replaceAll(sep, '/');
}

/** The text that a file search matches. */
export function searchKeyOf(sources: readonly string[], path: string): string {
  return fileBelow(sources, path).normalize('NFC').toLowerCase();
}
