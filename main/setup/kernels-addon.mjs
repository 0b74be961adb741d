import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  cachedAddon,
  compileAddon,
  ensureOptionalAddon,
  hashOfFiles,
  sourcesIn,
} from './addon.mjs';
import { kernelsAddon, PACKAGE } from '../platform/addons.mjs';
import { isTheirSystem, LEVELS, processorLevels } from '../platform/kernels.mjs';

/**
 * @import { KernelLevel } from '../platform/kernels.mjs'
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
