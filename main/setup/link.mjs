import { randomUUID } from 'node:crypto';
import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';

/**
 * Links to a folder, replacing whatever exists at `link`.
 *
 * @param {string} link
 * @param {string} target
 */
export function relink(link, target) {
  if (linkTarget(link) === target) return;
  if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory()) {
    rmSync(link, { recursive: true });
  }
  const temporary = `${link}.${randomUUID()}`;
  symlinkSync(target, temporary, 'dir');
  renameSync(temporary, link);
}

/**
 * @param {string} path
 * @returns {string | null} null when it is not a link
 */
export function linkTarget(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : null;
}
