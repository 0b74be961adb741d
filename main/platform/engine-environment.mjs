import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';

const XLA_CACHE = '--tf_xla_persistent_cache_directory=';

/**
 * The flag for `TF_XLA_FLAGS` by which XLA keeps compiled programs in a folder. TensorFlow splits the variable at white space, but
 * takes what begins with a quotation mark behind `=` up to the next one, with `\\` before such a mark and before itself
 * (`ParseArgvFromString` in xla/parse_flags_from_env.cc).
 *
 * @param {string} folder any path
 * @returns {string}
 */
export function xlaCacheFlag(folder) {
  return `${XLA_CACHE}"${folder.replaceAll(/["\\]/g, '\\$&')}"`;
}

/**
 * @param {string | undefined} flags
 * @returns {string | null} the folder, when the flags are what `xlaCacheFlag` has made of it
 */
export function xlaCacheOf(flags) {
  if (!flags?.startsWith(`${XLA_CACHE}"`)) return null;
  const folder = flags.slice(XLA_CACHE.length + 1, -1).replaceAll(/\\(["\\])/g, '$1');
  return xlaCacheFlag(folder) === flags ? folder : null;
}

/**
 * Environment variables that TensorFlow and Node read once, when they are loaded: they have to be there before
 * the engine process starts. What the user has set already stays as it is.
 *
 * @param {{ threads?: number, gpu?: boolean }} [options]
 *   `threads`: processor threads for one operation, at least 1 (default: all that this process may use);
 *   `gpu`: false hides every CUDA card (default true; without CUDA runtime or card it changes nothing)
 * @param {Record<string, string | undefined>} [environment] what is set already
 * @returns {Record<string, string>} variables to add to the engine's environment
 */
export function engineEnvironment(options = {}, environment = process.env) {
  const threads = String(Math.max(1, Math.floor(options.threads ?? availableParallelism())));
  /** @type {Record<string, string>} */
  const wanted = {
    // Only what ends the process: its errors reach us as exceptions, and a compiled program that comes from the
    // cache is announced as one, in many lines.
    TF_CPP_MIN_LOG_LEVEL: '3',
    // Otherwise TensorFlow takes all memory of the card at once.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // Compiled programs outlive the process: the first step of a second run need not compile again.
    TF_XLA_FLAGS: xlaCacheFlag(join(cacheFolder(environment), 'xla')),
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: threads,
    // Images are decoded in the pool of Node, which has four threads unless told, however many processors there are.
    UV_THREADPOOL_SIZE: String(Math.min(32, Math.max(4, Number(threads)))),
    CUDA_CACHE_PATH: join(cacheFolder(environment), 'cuda'),
    ...(options.gpu === false ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
  // What the caller sets explicitly overrides the environment; defaults do not.
  const asked = new Set([
    ...(options.threads === undefined
      ? []
      : ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS']),
    ...(options.gpu === false ? ['CUDA_VISIBLE_DEVICES'] : []),
  ]);
  return Object.fromEntries(
    Object.entries(wanted).filter(([name]) => asked.has(name) || !environment[name]),
  );
}
