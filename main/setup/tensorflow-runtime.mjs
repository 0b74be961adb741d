import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../platform/cache-folder.mjs';
import { withInstallLock } from './install-lock.mjs';
import { SetupProblem } from './setup-problem.mjs';
import { releaseFor } from './tensorflow-releases.mjs';
import { downloadWheel, sha256Of, unpackWheel } from './wheel.mjs';

/**
 * @import { Progress } from './progress.mjs'
 * @import { Release } from './tensorflow-releases.mjs'
 * @import { Variant } from '../platform/tensorflow-variant.mjs'
 */

/**
 * An installed TensorFlow to build against and to load: `lib/` with `libtensorflow` and
 * `libtensorflow_framework`, `include/` with the C headers, and for CUDA also `nvidia/<part>/lib`.
 *
 * @typedef {object} Runtime
 * @property {string} folder absolute
 * @property {string} id for the addons' stamp and for messages
 */

/**
 * Record written at the end of an installation.
 *
 * @typedef {object} Manifest
 * @property {string} id
 * @property {readonly string[]} wheels their sha256
 * @property {readonly (readonly [path: string, size: number, sha256: string])[]} files
 */

const MANIFEST = 'karst-runtime.json';

/** Members of TensorFlow's wheel to unpack: two libraries and the headers the addon includes. */
/** @type {readonly (readonly [string, string])[]} */
const TENSORFLOW_MEMBERS = [
  [
    String.raw`tensorflow/(libtensorflow_(?:cc|framework)\.(?:so\.2|2\.dylib))`,
    String.raw`lib/\g<1>`,
  ],
  [
    String.raw`tensorflow/(include/(?:tensorflow/c|tensorflow/core/platform|tsl|xla/tsl)/.*\.h)`,
    String.raw`\g<1>`,
  ],
];

/** Members of CUDA's wheels: libraries, device bitcode and ptxas, placed as TensorFlow expects. */
/** @type {readonly (readonly [string, string])[]} */
const CUDA_MEMBERS = [[String.raw`(nvidia/[^/]+/(?:lib|bin|nvvm)/.*)`, String.raw`\g<1>`]];

/**
 * Describes the runtime and whether it is ready, without changing anything.
 *
 * @param {Variant} variant
 * @returns {{ runtime: Runtime, ready: boolean }}
 * @throws {SetupProblem} when `KARST_TENSORFLOW_DIR` is unusable or the platform has no pinned
 *   wheel
 */
export function inspectRuntime(variant) {
  const named = process.env['KARST_TENSORFLOW_DIR'];
  if (named) return { runtime: namedRuntime(resolve(named)), ready: true };
  const release = releaseFor(variant);
  if (release === null) throw noRelease(variant);
  const folder = runtimeFolder(release);
  return { runtime: { folder, id: release.id }, ready: isIntact(folder, release) };
}

/**
 * Installs the runtime unless it is ready.
 *
 * @param {Variant} variant
 * @param {Progress} progress
 * @returns {Promise<Runtime>}
 * @throws {SetupProblem}
 */
export async function ensureRuntime(variant, progress) {
  const { runtime, ready } = inspectRuntime(variant);
  if (ready) return runtime;
  const release = releaseFor(variant);
  if (release === null) throw noRelease(variant);
  return ensureRelease(release, progress);
}

/**
 * Installs a release in the cache shared by all checkouts: downloads it, unpacks it to a temporary
 * folder and renames that. Installations that their manifest shows to be incomplete are replaced.
 *
 * @param {Release} release
 * @param {Progress} progress
 * @returns {Promise<Runtime>}
 * @throws {SetupProblem}
 */
export async function ensureRelease(release, progress) {
  const folder = runtimeFolder(release);
  await withInstallLock(
    join(cacheFolder(), 'locks', release.id),
    async () => {
      if (!isIntact(folder, release)) await install(release, folder, progress);
    },
    {
      onWait: () => {
        progress.start('Waiting for another checkout that is installing TensorFlow');
      },
    },
  );
  return { folder, id: release.id };
}

/**
 * Whether the manifest exists, lists the pinned wheels, and every file has its recorded size.
 *
 * @param {string} folder
 * @param {Release} release
 * @returns {boolean}
 */
export function isIntact(folder, release) {
  const manifest = readManifest(folder);
  if (manifest === null) return false;
  const wheels = release.wheels.map((wheel) => wheel.sha256).join(' ');
  if (manifest.wheels.join(' ') !== wheels) return false;
  return manifest.files.every(([path, size]) => {
    const found = statSync(join(folder, path), { throwIfNoEntry: false });
    return found?.isFile() === true && found.size === size;
  });
}

/**
 * Compares the sha256 of every installed file with the manifest.
 *
 * @param {Runtime} runtime
 * @param {(done: number, total: number) => void} onFile
 * @returns {Promise<readonly string[]>} files that are missing or differ
 */
export async function damagedFiles(runtime, onFile) {
  const manifest = readManifest(runtime.folder);
  if (manifest === null) return [];
  const damaged = [];
  let done = 0;
  for (const [path, , sha256] of manifest.files) {
    const absolute = join(runtime.folder, path);
    if (!existsSync(absolute) || (await sha256Of(absolute)) !== sha256) damaged.push(path);
    onFile((done += 1), manifest.files.length);
  }
  return damaged;
}

/** @param {Runtime} runtime to remove, so that the next set-up reinstalls it */
export function removeRuntime(runtime) {
  rmSync(runtime.folder, { recursive: true, force: true });
}

/**
 * @param {Release} release
 * @returns {string}
 */
function runtimeFolder(release) {
  return join(cacheFolder(), 'tensorflow', release.id);
}

/**
 * @param {Release} release
 * @param {string} folder
 * @param {Progress} progress
 */
async function install(release, folder, progress) {
  const parent = join(cacheFolder(), 'tensorflow');
  const downloads = join(cacheFolder(), 'downloads');
  mkdirSync(downloads, { recursive: true });
  mkdirSync(parent, { recursive: true });
  // The lock is held, so temporary folders of this release are left over from interrupted set-ups.
  for (const name of readdirSync(parent)) {
    if (name.startsWith(`.${release.id}.`)) rmSync(join(parent, name), { recursive: true });
  }
  const temporary = join(parent, `.${release.id}.${randomUUID()}`);
  mkdirSync(temporary);
  for (const wheel of release.wheels) {
    const path = await downloadWheel(wheel, downloads, progress);
    const label = `Unpacking ${wheel.project} ${wheel.version}`;
    progress.start(label);
    const members = wheel.project.startsWith('tensorflow') ? TENSORFLOW_MEMBERS : CUDA_MEMBERS;
    await unpackWheel(path, temporary, members, (done, total) => {
      progress.advance(done, total, 'bytes');
    });
  }
  const library = join(temporary, 'lib');
  if (!existsSync(library)) {
    throw new SetupProblem(
      `${release.wheels[0]?.file ?? release.id} holds no libtensorflow.`,
      'This is a fault in KARST Studio: please report it.',
    );
  }
  const files = await filesWithHashes(temporary);
  nameForLinker(library);
  // Written last: a folder without a manifest is not an installation.
  const manifest = {
    id: release.id,
    wheels: release.wheels.map((wheel) => wheel.sha256),
    files,
  };
  writeFileSync(join(temporary, MANIFEST), JSON.stringify(manifest));
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
  for (const wheel of release.wheels) rmSync(join(downloads, wheel.file), { force: true });
  progress.finish(`TensorFlow ${release.id} is in ${folder}`);
}

/**
 * Adds links named libtensorflow and libtensorflow_framework for the linker. The wheel's library
 * names contain the ABI version, and its C interface is in libtensorflow_cc.
 *
 * @param {string} library folder
 */
function nameForLinker(library) {
  for (const name of readdirSync(library)) {
    const part = /^lib(tensorflow_cc|tensorflow_framework)\./.exec(name)?.[1];
    if (part === undefined) continue;
    const plain = part === 'tensorflow_cc' ? 'libtensorflow' : 'libtensorflow_framework';
    symlinkSync(name, join(library, plain + (name.endsWith('.dylib') ? '.dylib' : '.so')));
  }
}

/**
 * @param {string} folder
 * @returns {Promise<[path: string, size: number, sha256: string][]>}
 */
async function filesWithHashes(folder) {
  /** @type {[string, number, string][]} */
  const files = [];
  for (const path of readdirSync(folder, { encoding: 'utf8', recursive: true })) {
    const absolute = join(folder, path);
    const found = statSync(absolute);
    if (found.isFile()) files.push([path, found.size, await sha256Of(absolute)]);
  }
  return files;
}

/**
 * @param {string} folder
 * @returns {Manifest | null} null when it is missing or truncated
 */
function readManifest(folder) {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return null;
  try {
    return /** @type {Manifest} */ (JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * @param {string} folder
 * @returns {Runtime}
 */
function namedRuntime(folder) {
  const library = join(folder, 'lib');
  const names = existsSync(library) ? readdirSync(library) : [];
  const header = join(folder, 'include', 'tensorflow', 'c', 'c_api.h');
  const complete =
    names.some((name) => /^libtensorflow\.(so|dylib)/.test(name)) &&
    names.some((name) => /^libtensorflow_framework\.(so|dylib)/.test(name)) &&
    existsSync(header);
  if (!complete) {
    throw new SetupProblem(
      `KARST_TENSORFLOW_DIR names ${folder}, which is not a TensorFlow: it needs lib/libtensorflow.so, ` +
        'lib/libtensorflow_framework.so (.dylib on macOS) and include/tensorflow/c/c_api.h.',
      'Correct the variable, or unset it to let the set-up bring TensorFlow.',
    );
  }
  return { folder, id: `KARST_TENSORFLOW_DIR ${folder}` };
}

/** @param {Variant} variant */
function noRelease(variant) {
  const platform = `${process.platform}-${process.arch}`;
  return new SetupProblem(
    `No ${variant === 'gpu' ? 'CUDA ' : ''}TensorFlow is pinned for ${platform}.`,
    variant === 'gpu'
      ? 'Run `npm run setup` without --gpu, or let KARST_TENSORFLOW_DIR name a TensorFlow with CUDA.'
      : 'Let KARST_TENSORFLOW_DIR name a folder with lib/ and include/ of a TensorFlow for it.',
  );
}
