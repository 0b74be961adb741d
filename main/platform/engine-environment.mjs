import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';

const XLA_CACHE = '--tf_xla_persistent_cache_directory=';

/**
 * Returns the flag for `TF_XLA_FLAGS` that makes XLA cache compiled programs in a folder.
 * TensorFlow splits the variable at white space, except within quotation marks after `=`; inside
 * these, `\\` escapes quotation marks and itself (`ParseArgvFromString` in
 * xla/parse_flags_from_env.cc).
 *
 * @param {string} folder any path
 * @returns {string}
 */
export function xlaCacheFlag(folder) {
  return `${XLA_CACHE}"${folder.replaceAll(/["\\]/g, '\\$&')}"`;
}

/**
 * @param {string | undefined} flags
 * @returns {string | null} the folder, if `xlaCacheFlag` produced these flags
 */
export function xlaCacheOf(flags) {
  if (!flags?.startsWith(`${XLA_CACHE}"`)) return null;
  const folder = flags.slice(XLA_CACHE.length + 1, -1).replaceAll(/\\(["\\])/g, '$1');
  return xlaCacheFlag(folder) === flags ? folder : null;
}

/**
 * Environment variables that TensorFlow and Node read once, at load time: they must be set before
 * the engine process starts. Variables that the user has set take precedence over the defaults.
 *
 * @param {{ threads?: number, gpu?: boolean }} [options]
 *   `threads`: CPU threads per operation, at least 1 (default: all that this process may use);
 *   `gpu`: false hides all CUDA devices (default true; no effect without CUDA runtime or GPU)
 * @param {Record<string, string | undefined>} [environment] variables that are already set
 * @returns {Record<string, string>} variables to add to the engine's environment
 */
export function engineEnvironment(options = {}, environment = process.env) {
  const threads = String(Math.max(1, Math.floor(options.threads ?? availableParallelism())));
  /** @type {Record<string, string>} */
  const wanted = {
    // Only fatal messages: errors reach us as exceptions, and TensorFlow logs each program loaded
    // from the cache as an error of many lines.
    TF_CPP_MIN_LOG_LEVEL: '3',
    // Otherwise TensorFlow allocates all GPU memory at start-up.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // Persists compiled programs, so that the first step of a later run need not compile.
    TF_XLA_FLAGS: xlaCacheFlag(join(cacheFolder(environment), 'xla')),
    // Keeps the buffers of a step for the next one. Otherwise large ones go back to the system, which
    // maps and zeroes every page of them anew: a fifth of a step where Linux has pages of 4 KiB.
    TF_CPU_ALLOCATOR_USE_BFC: 'true',
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: threads,
    // Images are decoded in Node's thread pool, which by default has four threads on any machine.
    UV_THREADPOOL_SIZE: String(Math.min(32, Math.max(4, Number(threads)))),
    CUDA_CACHE_PATH: join(cacheFolder(environment), 'cuda'),
    ...(options.gpu === false ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
  // Explicit options override the environment; defaults do not.
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
