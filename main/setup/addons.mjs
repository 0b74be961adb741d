import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BINDING, BUILT, kernelsAddon, PACKAGE, PIXELS, RUNTIME } from '../platform/addons.mjs';
import { ISAS, processorIsas, systemIsas } from '../platform/kernels.mjs';
import { lastLines, runCommand } from './command.mjs';
import { withInstallLock } from './install-lock.mjs';
import { linkTarget, relink } from './link.mjs';
import { buildAddon, configureAddons } from './node-gyp.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { SetupProblem } from './setup-problem.mjs';

/**
 * @import { Progress } from './progress.mjs'
 * @import { Runtime } from './tensorflow-runtime.mjs'
 */

/** Written after all addons are built. */
const STAMP = join('build', 'addons.json');
const LOCK = join('build', '.lock');

/** Files and folders that the addons are built from. */
const SOURCES = ['binding.gyp', join('main', 'native-ops'), join(PACKAGE, 'binding')];

/**
 * @typedef {object} Stamp
 * @property {string} runtime id of the TensorFlow they were built against
 * @property {string} sources hash of their sources
 * @property {readonly string[]} built their files
 */

/**
 * @typedef {object} Addon
 * @property {string} place relative to the checkout
 * @property {boolean} runs whether this processor can run it
 * @property {string | null} without message when it is missing, followed by the reason; null:
 *   required
 */

/** @returns {readonly Addon[]} those to build on this system */
function addons() {
  return [
    { place: BINDING, runs: true, without: null },
    {
      ...{ place: PIXELS, runs: true },
      without:
        'Images are resized without the compiled resampling, which takes several times as long.',
    },
    ...systemIsas().map(({ name, title }) => ({
      ...{ place: kernelsAddon(name), runs: processorIsas().includes(name) },
      without: `Training does without the kernels for processors with ${title}, which takes longer there (g++ 11 or newer builds them).`,
    })),
  ];
}

/**
 * Whether the addons are up to date. Optional ones that could not be built do not count as missing.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {Runtime} runtime
 * @returns {boolean}
 */
export function areAddonsReady(root, runtime) {
  const stamp = readStamp(root);
  return (
    stamp !== null &&
    stamp.runtime === runtime.id &&
    linkTarget(join(root, RUNTIME)) === runtime.folder &&
    stamp.sources === sourcesOf(root) &&
    stamp.built.every((place) => existsSync(join(root, place)))
  );
}

/**
 * Builds the addons with node-gyp and test-loads each that this processor can run. Kernels and
 * resampling only improve speed, so a failure to build one of them is reported but is not an error.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {Runtime} runtime to build against
 * @param {string} node the Node binary that will load them
 * @param {Progress} progress
 * @returns {Promise<void>}
 * @throws {SetupProblem} when TensorFlow's addon cannot be built or loaded
 */
export async function ensureAddons(root, runtime, node, progress) {
  if (areAddonsReady(root, runtime)) return;
  checkPrerequisites(['python', 'compiler', 'make']);
  await withInstallLock(join(root, LOCK), async () => {
    // Another command may have built them while this one waited.
    if (!areAddonsReady(root, runtime)) await build(root, runtime, node, progress);
  });
}

/**
 * @param {string} root
 * @param {Runtime} runtime
 * @param {string} node
 * @param {Progress} progress
 */
async function build(root, runtime, node, progress) {
  progress.start('Building the addons');
  // Rebuilds what was built against another TensorFlow or may be incomplete after an interruption.
  if (readStamp(root)?.runtime !== runtime.id) {
    rmSync(join(root, BUILT), { recursive: true, force: true });
  }
  rmSync(join(root, STAMP), { force: true });
  relink(join(root, RUNTIME), runtime.folder);
  await configureAddons(root, node);
  const sources = sourcesOf(root);
  const wanted = addons();
  /** @type {string[]} */
  const built = [];
  /** @type {string[]} */
  const told = [];
  for (const [index, { place, runs, without }] of wanted.entries()) {
    progress.advance(index, wanted.length, 'addons');
    const target = basename(place, '.node');
    const problem =
      (await buildAddon(root, node, target)) ??
      (runs ? await loadingProblem(join(root, place), node) : null);
    if (problem === null) {
      built.push(place);
      continue;
    }
    // Removes a failed addon, so that it is neither loaded nor mistaken for a finished build.
    rmSync(join(root, place), { force: true });
    rmSync(join(root, BUILT, 'obj.target', `${target}.node`), { force: true });
    if (without === null) throw bindingProblem(problem);
    told.push(`${without} ${problem}`);
  }
  const titles = ISAS.filter(({ name }) => built.includes(kernelsAddon(name)));
  progress.finish(
    [
      titles.length > 0
        ? `Addons built, with kernels for processors with ${titles.map(({ title }) => title).join(', ')}`
        : 'Addons built, without kernels',
      ...told,
    ].join('\n'),
  );
  writeFileSync(join(root, STAMP), JSON.stringify({ runtime: runtime.id, sources, built }));
}

/**
 * Loads an addon in a separate process, which it may crash, and runs its self-check if it has one.
 * The check's result is ignored here; the point is to detect illegal instructions.
 *
 * @param {string} path of the addon
 * @param {string} node
 * @returns {Promise<string | null>} the problem, or null
 */
async function loadingProblem(path, node) {
  const load = `const it = { exports: {} }; process.dlopen(it, ${JSON.stringify(path)}); if (it.exports.granted) it.exports.check?.();`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const { code, signal, output } = await runCommand(node, ['-e', load], { env });
  if (code === 0) return null;
  const reason = signal === null ? '' : ` (${signal})`;
  return `It was built but does not load${reason}:\n${lastLines(output)}`;
}

/** @param {string} problem */
function bindingProblem(problem) {
  return new SetupProblem(
    `There is no addon for TensorFlow. ${problem}`,
    'Its compiler has to know C++17 (g++ 8 or newer; CXX names another one). A processor without AVX, or a C library older than ' +
      'glibc 2.27, cannot run this TensorFlow; let KARST_TENSORFLOW_DIR name one that runs here.',
  );
}

/**
 * @param {string} root
 * @returns {Stamp | null} null when there is none
 */
function readStamp(root) {
  const path = join(root, STAMP);
  if (!existsSync(path)) return null;
  try {
    return /** @type {Stamp} */ (JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * @param {string} root
 * @returns {string} one hash over all sources
 */
function sourcesOf(root) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const path of SOURCES.flatMap((source) => filesIn(root, source))) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} place of a file or folder
 * @returns {string[]} in a fixed order
 */
function filesIn(root, place) {
  if (place === 'binding.gyp') return [place];
  return readdirSync(join(root, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length))
    .sort();
}
