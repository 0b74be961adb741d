import { dirname, sep } from 'node:path';

/**
 * Where an image lies below the folder or the table that was imported, with forward slashes; the whole path of
 * one that lies elsewhere, as list files and tables can name them.
 */
export function fileBelow(source: string, path: string): string {
  for (const folder of [source, dirname(source)]) {
    const start = folder.endsWith(sep) ? folder : folder + sep;
    if (path.startsWith(start)) return path.slice(start.length).replaceAll(sep, '/');
  }
  return path.replaceAll(sep, '/');
}

/** What a search for a file looks in. */
export function searchKeyOf(source: string, path: string): string {
  return fileBelow(source, path).normalize('NFC').toLowerCase();
}
