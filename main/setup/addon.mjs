import { createHash, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BINDING, PACKAGE } from '../platform/addons.mjs';
import { cacheFolder } from '../platform/cache-folder.mjs';
import { firstLineOf, lastLines, runCommand } from './command.mjs';
import { checkPrerequisites, compilerCommand, npmName } from './prerequisites.mjs';
import { SetupProblem } from './setup-problem.mjs';

/**
 * @import { Progress } from './progress.mjs'
 * @import { Runtime } from './tensorflow-runtime.mjs'
 */

const STAMP = 'karst-addon.json';

/** Whose options its sessions get instead of TensorFlow's own defaults. */
const SESSION_OPTIONS = fileURLToPath(new URL('session-options.cc', import.meta.url));

const FLAGS = [
  ...['-O2', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8'],
  '-DTF_NewSessionOptions=karstSessionOptions',
];
const MAC_FLAGS = ['-undefined', 'dynamic_lookup'];

/**
 * Whether the addon in the checkout belongs to this runtime and to the installed sources.
 *
 * @param {string} root of the checkout
 * @param {Runtime} runtime
 * @returns {boolean}
 */
export function isAddonReady(root, runtime) {
  const packageFolder = join(root, PACKAGE);
  const stamp = join(packageFolder, STAMP);
  if (!existsSync(stamp) || !existsSync(join(packageFolder, BINDING))) return false;
  if (linkTarget(join(packageFolder, 'deps')) !== runtime.folder) return false;
  return readFileSync(stamp, 'utf8') === stampOf(packageFolder, runtime);
}

/**
 * Builds the addon of @tensorflow/tfjs-node-gpu against the runtime (or takes it from the cache, when any
 * checkout built the same before) and puts it where the package looks for it.
 *
 * The package finds TensorFlow through its `deps` folder, which here is a link to the runtime's: going
 * through one link keeps the relative places of lib/ and nvidia/ that the libraries rely on.
 *
 * @param {string} root of the checkout
 * @param {Runtime} runtime
 * @param {string} node the Node binary that will load it
 * @param {Progress} progress
 * @returns {Promise<void>}
 * @throws {SetupProblem}
 */
export async function ensureAddon(root, runtime, node, progress) {
  if (isAddonReady(root, runtime)) return;
  const packageFolder = join(root, PACKAGE);
  const stamp = stampOf(packageFolder, runtime);
  rmSync(join(packageFolder, STAMP), { force: true });
  relink(join(packageFolder, 'deps'), runtime.folder);
  const cached = cachedAddon(stamp, 'tfjs_binding.node');
  if (!existsSync(cached)) await build(packageFolder, cached, node, progress);
  putInPlace(cached, join(packageFolder, BINDING));
  await tryLoading(packageFolder, cached, node);
  writeFileSync(join(packageFolder, STAMP), stamp);
}

/**
 * @param {string} packageFolder
 * @param {string} cached where the result is to be
 * @param {string} node
 * @param {Progress} progress
 */
async function build(packageFolder, cached, node, progress) {
  checkPrerequisites(['compiler']);
  progress.start('Building the TensorFlow addon');
  const binding = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join('binding', name));
  const sources = [...binding, SESSION_OPTIONS];
  const problem = await compileAddon(packageFolder, node, [...FLAGS, ...sources], cached);
  if (problem !== null) {
    throw new SetupProblem(
      `The TensorFlow addon could not be built. ${problem}`,
      'Check that the compiler knows C++17 (g++ 8 or newer); CXX names another one.',
    );
  }
  progress.finish('TensorFlow addon built');
}

/**
 * Compiles an addon that will lie in the package's lib/napi-v8 and finds TensorFlow's libraries from there.
 *
 * @param {string} packageFolder
 * @param {string} node the Node binary that will load it
 * @param {readonly string[]} flagsAndSources paths absolute or relative to `packageFolder`
 * @param {string} output where the addon is to be
 * @returns {Promise<string | null>} what the compiler says when it fails, as a sentence's continuation
 */
export function compileAddon(packageFolder, node, flagsAndSources, output) {
  const tensorflow = [
    ...['-I', join('deps', 'include'), '-L', join('deps', 'lib')],
    ...['-ltensorflow', '-ltensorflow_framework'],
    `-Wl,-rpath,${process.platform === 'darwin' ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
  ];
  return compileModule(packageFolder, node, [...flagsAndSources, ...tensorflow], output);
}

/**
 * Compiles an addon of Node-API.
 *
 * @param {string} folder that relative paths start from
 * @param {string} node the Node binary that will load it
 * @param {readonly string[]} flagsAndSources
 * @param {string} output where the addon is to be
 * @returns {Promise<string | null>} what the compiler says when it fails, as a sentence's continuation
 */
export async function compileModule(folder, node, flagsAndSources, output) {
  const compiler = compilerCommand()?.command ?? 'g++';
  mkdirSync(dirname(output), { recursive: true });
  const temporary = `${output}.${randomUUID()}`;
  const result = await runCommand(
    compiler,
    [
      ...flagsAndSources,
      ...(process.platform === 'darwin' ? MAC_FLAGS : []),
      ...['-I', nodeHeaders(node), '-o', temporary],
    ],
    { cwd: folder },
  );
  if (result.code !== 0) {
    rmSync(temporary, { force: true });
    return `${compiler} says:\n${lastLines(result.output, 20)}`;
  }
  renameSync(temporary, output);
  return null;
}

/**
 * @param {string} stamp everything that the built addon depends on
 * @param {string} name of the addon's file
 * @returns {string} where all checkouts share it
 */
export function cachedAddon(stamp, name) {
  const key = createHash('sha256').update(stamp).digest('hex').slice(0, 24);
  return join(cacheFolder(), 'addon', key, name);
}

/**
 * Loads an addon in a process of its own, which it may end, and has one that can check itself do that: what it finds is for whoever
 * uses the addon, but an instruction that this processor does not know shows here.
 *
 * @param {string} path of the addon
 * @param {string} node
 */
function loadElsewhere(path, node) {
  const load = `const it = { exports: {} }; process.dlopen(it, ${JSON.stringify(path)}); if (it.exports.granted) it.exports.check?.();`;
  return runCommand(node, ['-e', load], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' } });
}

/**
 * Puts a built addon where it is loaded from, as a new file: a running engine may have the old one mapped.
 *
 * @param {string} built
 * @param {string} place
 */
function putInPlace(built, place) {
  mkdirSync(dirname(place), { recursive: true });
  const temporary = `${place}.${randomUUID()}`;
  copyFileSync(built, temporary);
  renameSync(temporary, place);
}

/**
 * Builds an addon that the engine can do without (or takes it from the cache), puts it in place and, where this processor can run
 * it, loads it on trial. Nothing of one that fails is left.
 *
 * @param {{ cached: string, place: string, node: string, runs: boolean, compile: () => Promise<string | null> }} addon
 *   `compile` makes `cached`, or says why not
 * @returns {Promise<string | null>} why there is none
 */
export async function ensureOptionalAddon({ cached, place, node, runs, compile }) {
  const problem = existsSync(cached) ? null : await compile();
  if (problem === null) putInPlace(cached, place);
  const failure = problem ?? (runs ? await loadingProblem(place, node) : null);
  if (failure !== null) {
    rmSync(place, { force: true });
    rmSync(cached, { force: true });
  }
  return failure;
}

/**
 * @param {string} place
 * @param {string} node
 * @returns {Promise<string | null>}
 */
async function loadingProblem(place, node) {
  const result = await loadElsewhere(place, node);
  return result.code === 0 ? null : `It does not load:\n${lastLines(result.output)}`;
}

/**
 * @param {string} folder
 * @returns {string[]} the paths of all that is in it, in a fixed order
 */
export function sourcesIn(folder) {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/**
 * @param {readonly string[]} paths
 * @returns {string} one hash of what is in all of them
 */
export function hashOfFiles(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest('hex');
}

/**
 * @param {string} packageFolder
 * @param {string} cached
 * @param {string} node
 */
async function tryLoading(packageFolder, cached, node) {
  const result = await loadElsewhere(join(packageFolder, BINDING), node);
  if (result.code === 0) return;
  // The next set-up is to build it again rather than to take the same file from the cache.
  rmSync(dirname(cached), { recursive: true, force: true });
  const reason = result.signal === null ? '' : ` (${result.signal})`;
  throw new SetupProblem(
    `The TensorFlow addon was built but does not load${reason}:\n${lastLines(result.output)}`,
    'A processor without AVX, or a C library older than glibc 2.27, cannot run this TensorFlow; let ' +
      'KARST_TENSORFLOW_DIR name one that runs here.',
  );
}

/**
 * Node's C headers. The project's Node carries its own; the other places serve a Node that came otherwise.
 * Only Node-API is used, whose interface is the same in all of them.
 *
 * @param {string} node path of the binary
 * @returns {string} folder with node_api.h
 * @throws {SetupProblem}
 */
export function nodeHeaders(node) {
  const configured = firstLineOf(npmName(), ['config', 'get', 'nodedir']);
  const places = [
    join(dirname(node), '..', 'include', 'node'),
    ...(configured && configured !== 'undefined' ? [join(configured, 'include', 'node')] : []),
    join(dirname(process.execPath), '..', 'include', 'node'),
    '/usr/include/node',
    '/usr/local/include/node',
  ];
  const found = places.find((place) => existsSync(join(place, 'node_api.h')));
  if (found !== undefined) return resolve(found);
  throw new SetupProblem(
    `The headers of Node were not found (node_api.h, looked for in ${places.join(', ')}).`,
    'Install them (Debian `apt install libnode-dev`, Fedora `dnf install nodejs-devel`).',
  );
}

/**
 * Everything the built addon depends on.
 *
 * @param {string} packageFolder
 * @param {Runtime} runtime
 * @returns {string}
 */
function stampOf(packageFolder, runtime) {
  const sources = createHash('sha256');
  const folder = join(packageFolder, 'binding');
  for (const name of readdirSync(folder).sort()) {
    sources.update(name).update(readFileSync(join(folder, name)));
  }
  sources.update(readFileSync(SESSION_OPTIONS));
  return JSON.stringify({
    runtime: runtime.id,
    sources: sources.digest('hex'),
    flags: FLAGS.join(' '),
    platform: `${process.platform}-${process.arch}`,
  });
}

/**
 * @param {string} link
 * @param {string} target
 */
function relink(link, target) {
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
function linkTarget(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : null;
}
