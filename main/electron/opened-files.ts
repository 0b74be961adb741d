import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENDING = /\.karst$/i;
/** Some desktops name files by their address. One of another computer is none here. */
const LOCAL = /^file:\/\/\//i;

/**
 * The `.karst` files among the words of a command line, as absolute paths. Words that are options, and files that
 * are not there, are left out: Chromium and the platforms add words of their own.
 * @param folder where relative paths begin
 */
export function openedFiles(words: readonly string[], folder: string): string[] {
  return words
    .filter((word) => !word.startsWith('-') && ENDING.test(word))
    .map((word) => resolve(folder, LOCAL.test(word) ? fileURLToPath(word) : word))
    .filter((path) => existsSync(path));
}
