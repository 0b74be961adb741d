import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENDING = /\.karst$/i;
/** Some desktops pass file URLs. Those of other hosts are ignored. */
const LOCAL = /^file:\/\/\//i;

/**
 * The `.karst` files among the words of a command line, as absolute paths. Options and missing
 * files are skipped: Chromium and the platforms add arguments.
 * @param folder where relative paths begin
 */
export function openedFiles(words: readonly string[], folder: string): string[] {
  return words
    .filter((word) => !word.startsWith('-') && ENDING.test(word))
    .map((word) => resolve(folder, LOCAL.test(word) ? fileURLToPath(word) : word))
    .filter((path) => existsSync(path));
}
