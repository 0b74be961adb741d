import { dirname, sep } from 'node:path';

/**
 * An image's path relative to the imported folder or table, with forward slashes; the full path if
 * it is elsewhere, as list files and tables can name such.
 */
export function fileBelow(source: string, path: string): string {
  for (const folder of [source, dirname(source)]) {
    const start = folder.endsWith(sep) ? folder : folder + sep;
    if (path.startsWith(start)) return path.slice(start.length).replaceAll(sep, '/');
  }
  return path.replaceAll(sep, '/');
}

/** The text that a file search matches. */
export function searchKeyOf(source: string, path: string): string {
  return fileBelow(source, path).normalize('NFC').toLowerCase();
}
