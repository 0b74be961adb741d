import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE, PIXELS } from '../platform/addons.mjs';
import {
  cachedAddon,
  compileModule,
  ensureOptionalAddon,
  hashOfFiles,
  sourcesIn,
} from './addon.mjs';
import { compilerCommand } from './prerequisites.mjs';
import { SetupProblem } from './setup-problem.mjs';

/** @import { Progress } from './progress.mjs' */

const SOURCES = join('main', 'engine', 'pixels');
const STAMP = 'karst-pixels.json';
const FLAGS = [
  ...['-O3', '-shared', '-fPIC', '-std=c++17', '-DNAPI_VERSION=8', '-fvisibility=hidden'],
  // The weights have to be those of the JavaScript: no product and sum rounded as one.
  '-ffp-contract=off',
];

/**
 * Whether the set-up has nothing more to do for it; also where it could not build it. Windows has no compiler that is known
 * to be there.
 *
 * @param {string} root of the checkout
 * @returns {boolean}
 */
export function isPixelsAddonReady(root) {
  if (process.platform === 'win32') return true;
  const stamp = join(root, PACKAGE, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(root);
}

/**
 * Builds the addon (or takes it from the cache). Without it the engine resizes in JavaScript, to the same bits, so a compiler
 * that cannot build it is told of and no more.
 *
 * @param {string} root of the checkout
 * @param {string} node the Node binary that will load it
 * @param {Progress} progress
 * @returns {Promise<void>}
 */
export async function ensurePixelsAddon(root, node, progress) {
  if (isPixelsAddonReady(root)) return;
  const stamp = stampOf(root);
  const cached = cachedAddon(stamp, 'karst_pixels.node');
  progress.start('Building the resampling of images');
  const failure = await ensureOptionalAddon({
    ...{ cached, place: join(root, PIXELS), node, runs: true },
    compile: () => compile(root, cached, node),
  });
  progress.finish(
    failure === null
      ? 'Resampling of images built'
      : `Images are resized without the compiled resampling, which takes several times as long. ${failure}`,
  );
  writeFileSync(join(root, PACKAGE, STAMP), stamp);
}

/**
 * @param {string} root
 * @param {string} cached
 * @param {string} node
 * @returns {Promise<string | null>}
 */
async function compile(root, cached, node) {
  if (compilerCommand() === null) return 'There is no C++ compiler.';
  const sources = sourcesIn(join(root, SOURCES)).filter((path) => path.endsWith('.cc'));
  try {
    return await compileModule(root, node, [...FLAGS, ...sources], cached);
  } catch (error) {
    if (error instanceof SetupProblem) return error.message;
    throw error;
  }
}

/**
 * Everything that the built addon depends on.
 *
 * @param {string} root
 */
function stampOf(root) {
  return JSON.stringify({
    sources: hashOfFiles(sourcesIn(join(root, SOURCES))),
    flags: FLAGS.join(' '),
    platform: `${process.platform}-${process.arch}`,
  });
}
