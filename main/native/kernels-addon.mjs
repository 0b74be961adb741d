import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedAddon, compileAddon, loadElsewhere, PACKAGE, putInPlace } from './addon.mjs';
import { lastLines } from './command.mjs';

/**
 * @import { Progress } from './progress.mjs'
 * @import { Runtime } from './tensorflow-runtime.mjs'
 */

/** The addon with the engine's own kernels (main/engine/kernels), relative to the package of TensorFlow's addon. */
export const KERNELS = join('lib', 'napi-v8', 'karst_kernels.node');

const SOURCES = join('main', 'engine', 'kernels');
const STAMP = 'karst-kernels.json';
const FLAGS = [
  ...['-O3', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', '-pthread'],
  // Nothing but the registration may be seen from outside: the rest runs on some processors only.
  ...['-fvisibility=hidden', '-fvisibility-inlines-hidden'],
  ...['-mavx512f', '-mavx512bw', '-mavx512bf16', '-mamx-tile', '-mamx-bf16'],
];
/** What the processor needs for them, by Linux's names. */
const PROCESSOR_FEATURES = ['avx512f', 'avx512bw', 'avx512_bf16', 'amx_tile', 'amx_bf16'];

/** @returns {boolean} whether this is a system that they are written for, whatever its processor */
function isTheirSystem() {
  return process.platform === 'linux' && process.arch === 'x64';
}

/** @returns {boolean} whether this processor can run them */
export function processorRunsKernels() {
  if (!isTheirSystem()) return false;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const has = new Set(flags.trim().split(/\s+/));
  return PROCESSOR_FEATURES.every((feature) => has.has(feature));
}

/**
 * Whether the set-up has nothing more to do for them; also where it could not build them.
 *
 * @param {string} root of the checkout
 * @param {Runtime} runtime
 * @returns {boolean}
 */
export function areKernelsReady(root, runtime) {
  if (!isTheirSystem()) return true;
  const stamp = join(root, PACKAGE, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(root, runtime);
}

/**
 * Builds the kernels (or takes them from the cache) beside TensorFlow's addon. Without them everything works and large
 * products take longer, so a compiler that does not know the instructions is told of and no more.
 *
 * @param {string} root of the checkout
 * @param {Runtime} runtime that the addon beside them was built against
 * @param {string} node the Node binary that will load them
 * @param {Progress} progress
 * @returns {Promise<void>}
 */
export async function ensureKernels(root, runtime, node, progress) {
  if (areKernelsReady(root, runtime)) return;
  const packageFolder = join(root, PACKAGE);
  const stamp = stampOf(root, runtime);
  const cached = cachedAddon(stamp, 'karst_kernels.node');
  const place = join(packageFolder, KERNELS);
  progress.start('Building the kernels for processors with AMX');
  const problem = existsSync(cached) ? null : await compile(root, packageFolder, cached, node);
  if (problem === null) putInPlace(cached, place);
  const failure = problem ?? (await loadingProblem(place, node));
  if (failure === null) {
    progress.finish('Kernels for processors with AMX built');
  } else {
    rmSync(place, { force: true });
    rmSync(cached, { force: true });
    progress.finish(
      `Training does without the kernels for processors with AMX, which takes longer there (g++ 11 or newer builds them). ${failure}`,
    );
  }
  writeFileSync(join(packageFolder, STAMP), stamp);
}

/**
 * @param {string} root
 * @param {string} packageFolder
 * @param {string} cached
 * @param {string} node
 */
function compile(root, packageFolder, cached, node) {
  const sources = sourcesOf(root).filter((path) => path.endsWith('.cc'));
  return compileAddon(packageFolder, node, [...FLAGS, ...sources], cached);
}

/**
 * @param {string} place
 * @param {string} node
 * @returns {Promise<string | null>}
 */
async function loadingProblem(place, node) {
  if (!processorRunsKernels()) return null;
  const result = await loadElsewhere(place, node);
  return result.code === 0 ? null : `They do not load:\n${lastLines(result.output)}`;
}

/**
 * @param {string} root
 * @returns {string[]} absolute, in a fixed order
 */
function sourcesOf(root) {
  const folder = join(root, SOURCES);
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Everything that the built kernels depend on.
 *
 * @param {string} root
 * @param {Runtime} runtime
 */
function stampOf(root, runtime) {
  const hash = createHash('sha256');
  for (const path of sourcesOf(root)) hash.update(readFileSync(path));
  return JSON.stringify({
    runtime: runtime.id,
    sources: hash.digest('hex'),
    flags: FLAGS.join(' '),
  });
}
