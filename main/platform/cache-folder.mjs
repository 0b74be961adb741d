import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The per-user folder for what can be fetched or computed again: the TensorFlow runtime,
 * XLA's compilation cache, decoded images. Shared by all checkouts of one user; safe to delete when no
 * KARST process runs.
 *
 * `KARST_CACHE` names it; otherwise it is `karst-studio` in the platform's cache folder.
 *
 * @param {Record<string, string | undefined>} [environment]
 * @param {NodeJS.Platform} [platform]
 * @returns {string} absolute path; the folder need not exist yet
 */
export function cacheFolder(environment = process.env, platform = process.platform) {
  const named = environment['KARST_CACHE'];
  if (named) return resolve(named);
  return join(platformCacheFolder(environment, platform), 'karst-studio');
}

/**
 * Where Node keeps what it compiled (`NODE_COMPILE_CACHE`). Taking the types off the sources is most of the time that a
 * process of ours takes to start; what was compiled once is not compiled again.
 *
 * @param {Record<string, string | undefined>} [environment]
 * @returns {string} absolute path; the folder need not exist yet
 */
export function compileCacheFolder(environment = process.env) {
  return join(cacheFolder(environment), 'node');
}

/**
 * @param {Record<string, string | undefined>} environment
 * @param {NodeJS.Platform} platform
 * @returns {string}
 */
function platformCacheFolder(environment, platform) {
  const home = environment['HOME'] || homedir();
  if (platform === 'win32') return environment['LOCALAPPDATA'] || join(home, 'AppData', 'Local');
  if (platform === 'darwin') return join(home, 'Library', 'Caches');
  // The XDG base directory specification says that a relative path is to be ignored.
  const xdg = environment['XDG_CACHE_HOME'];
  return xdg?.startsWith('/') ? xdg : join(home, '.cache');
}
