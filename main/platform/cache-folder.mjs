import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The per-user folder for data that can be downloaded or computed again: the TensorFlow runtime,
 * XLA's compilation cache, decoded images. All checkouts of a user share it; it can be deleted when
 * no KARST process runs.
 *
 * `KARST_CACHE` overrides it; the default is `karst-studio` in the platform's cache folder.
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
 * Node's compile cache (`NODE_COMPILE_CACHE`). Stripping types from the sources dominates the
 * start-up time of our processes; the cache avoids repeating it.
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
  // The XDG base directory specification requires relative paths to be ignored.
  const xdg = environment['XDG_CACHE_HOME'];
  return xdg?.startsWith('/') ? xdg : join(home, '.cache');
}
