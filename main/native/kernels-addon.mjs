import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cachedAddon,
  compileAddon,
  ensureOptionalAddon,
  hashOfFiles,
  PACKAGE,
  sourcesIn,
} from './addon.mjs';

/**
 * @import { Progress } from './progress.mjs'
 * @import { Runtime } from './tensorflow-runtime.mjs'
 */

const SOURCES = join('main', 'engine', 'kernels');
const STAMP = 'karst-kernels.json';
const FLAGS = [
  ...['-O3', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', '-pthread'],
  // Nothing but the registration may be seen from outside: the rest runs on some processors only.
  ...['-fvisibility=hidden', '-fvisibility-inlines-hidden'],
];

/**
 * What processors can do, the best first: each gets an addon of its own from the same sources. `features` are what the
 * processor needs, by Linux's names.
 */
const LEVELS = /** @type {const} */ ([
  {
    name: 'amx',
    title: 'AMX',
    features: ['avx512f', 'avx512bw', 'avx512_bf16', 'amx_tile', 'amx_bf16'],
    flags: ['-mavx512f', '-mavx512bw', '-mavx512bf16', '-mamx-tile', '-mamx-bf16'],
  },
  {
    name: 'avx512',
    title: 'AVX-512',
    features: ['avx512f', 'avx2', 'fma'],
    flags: ['-mavx512f', '-mfma'],
  },
  { name: 'avx2', title: 'AVX2', features: ['avx2', 'fma'], flags: ['-mavx2', '-mfma'] },
]);

/** @typedef {(typeof LEVELS)[number]['name']} KernelLevel */

/** Names the level to be used, where it is not to be the best that the processor can: amx, avx512, avx2 or none. */
export const KERNELS_VARIABLE = 'KARST_KERNELS';

const NO_KERNELS = 'none';

/** What the variable may say. */
export const KERNELS_VALUES = /** @type {readonly string[]} */ ([
  ...LEVELS.map(({ name }) => name),
  NO_KERNELS,
]);

/**
 * @param {Record<string, string | undefined>} [environment]
 * @returns {string | null} what the variable says, where that is none of its values
 */
export function unknownKernels(environment = process.env) {
  const named = environment[KERNELS_VARIABLE];
  return !named || KERNELS_VALUES.includes(named) ? null : named;
}

/**
 * @param {KernelLevel} level
 * @returns {string} the addon with the engine's own kernels (main/engine/kernels), relative to the package of TensorFlow's addon
 */
export function kernelsAddon(level) {
  return join('lib', 'napi-v8', `karst_kernels_${level}.node`);
}

/** @returns {boolean} whether this is a system that they are written for, whatever its processor */
function isTheirSystem() {
  return process.platform === 'linux' && process.arch === 'x64';
}

/** @returns {readonly KernelLevel[]} those that this processor can run, the best first */
export function processorLevels() {
  if (!isTheirSystem()) return [];
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const has = new Set(flags.trim().split(/\s+/));
  const runnable = LEVELS.filter(({ features }) => features.every((feature) => has.has(feature)));
  return runnable.map(({ name }) => name);
}

/**
 * The addons that an engine may load, the best first: of the levels that this processor can run and the set-up could build, or of
 * the one that is named.
 *
 * @param {string} root of the checkout or the application
 * @param {Record<string, string | undefined>} [environment]
 * @returns {{ level: KernelLevel, path: string }[]}
 */
export function installedKernels(root, environment = process.env) {
  const named = environment[KERNELS_VARIABLE];
  const levels = processorLevels().filter((level) => !named || level === named);
  const places = levels.map((level) => ({ level, path: join(root, PACKAGE, kernelsAddon(level)) }));
  return places.filter(({ path }) => existsSync(path));
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
 * Builds the kernels of every level (or takes them from the cache) beside TensorFlow's addon; what is packaged here may run
 * on any processor. Without them everything works and takes longer, so a compiler that does not know the instructions
 * is told of and no more.
 *
 * @param {string} root of the checkout
 * @param {Runtime} runtime that the addon beside them was built against
 * @param {string} node the Node binary that will load them
 * @param {Progress} progress
 * @returns {Promise<void>}
 */
export async function ensureKernels(root, runtime, node, progress) {
  if (areKernelsReady(root, runtime)) return;
  const stamp = stampOf(root, runtime);
  progress.start('Building the kernels of the engine');
  const problems = await Promise.all(
    LEVELS.map(async (level) => ({
      level,
      problem: await ensureLevel(root, stamp, node, level),
    })),
  );
  const failed = problems.filter(({ problem }) => problem !== null);
  const built = problems.filter(({ problem }) => problem === null);
  const names = built.map(({ level }) => level.title).join(', ');
  progress.finish(
    [
      built.length > 0 ? `Kernels built for processors with ${names}` : 'No kernels were built',
      ...failed.map(
        ({ level, problem }) =>
          `Training does without the kernels for processors with ${level.title}, which takes longer there (g++ 11 or newer builds them). ${problem}`,
      ),
    ].join('\n'),
  );
  writeFileSync(join(root, PACKAGE, STAMP), stamp);
}

/**
 * @param {string} root
 * @param {string} stamp everything that the kernels depend on
 * @param {string} node
 * @param {(typeof LEVELS)[number]} level
 * @returns {Promise<string | null>} why it could not be built or loaded
 */
function ensureLevel(root, stamp, node, { name }) {
  const cached = cachedAddon(stamp, `karst_kernels_${name}.node`);
  return ensureOptionalAddon({
    ...{ cached, place: join(root, PACKAGE, kernelsAddon(name)), node },
    runs: processorLevels().includes(name),
    compile: () => compileKernels(root, node, name, cached),
  });
}

/**
 * @param {string} root of the checkout
 * @param {string} node the Node binary that will load it
 * @param {KernelLevel} level
 * @param {string} output where the addon is to be
 * @param {readonly string[]} [more] further flags, which outweigh the usual ones
 * @returns {Promise<string | null>} what the compiler says when it fails
 */
export function compileKernels(root, node, level, output, more = []) {
  const sources = sourcesIn(join(root, SOURCES)).filter((path) => path.endsWith('.cc'));
  const flags = [...FLAGS, ...kernelFlags(level), ...more];
  return compileAddon(join(root, PACKAGE), node, [...flags, ...sources], output);
}

/**
 * @param {KernelLevel} level
 * @returns {readonly string[]} what tells the compiler which instructions it may use
 */
export function kernelFlags(level) {
  return LEVELS.find(({ name }) => name === level)?.flags ?? [];
}

/**
 * Everything that the built kernels depend on.
 *
 * @param {string} root
 * @param {Runtime} runtime
 */
function stampOf(root, runtime) {
  return JSON.stringify({
    runtime: runtime.id,
    sources: hashOfFiles(sourcesIn(join(root, SOURCES))),
    flags: [...FLAGS, ...LEVELS.flatMap(({ flags }) => flags)].join(' '),
  });
}
