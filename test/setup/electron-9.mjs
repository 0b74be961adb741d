import { join } from 'node:path';
import { builtFolder, ensureBuilt, PAGES, SHELL } from '../../main/setup/built.mjs';
import { OLDEST_ELECTRON, versionOf } from '../../main/setup/electron-binary.mjs';

/** @import { Progress } from '../../main/setup/progress.mjs' */
/** @import { Recipe } from '../../main/setup/built.mjs' */

/** Folder of the shims and their build script. */
const FIXTURES = 'test/electron/fixtures/electron-9';

/**
 * The application built for the Electron of the window tests.
 * @type {Recipe}
 */
const APPLICATION = {
  name: 'electron-9',
  label: 'the studio for the Electron of the window tests',
  sources: [...PAGES, ...SHELL, 'package.json', FIXTURES],
  command: (folder) => [join(...FIXTURES.split('/'), 'build.mjs'), folder],
};

/** Additional packaging configuration, relative to the checkout. */
export const PACKAGING = join(...FIXTURES.split('/'), 'builder.json');

/**
 * Whether this Electron, like the one of the window tests, is too old for the product.
 *
 * @param {string} electron path of the executable
 */
export function isOldElectron(electron) {
  const version = versionOf(electron);
  return version !== null && Number.parseInt(version, 10) < OLDEST_ELECTRON;
}

/**
 * @param {string} root of the checkout
 * @param {string} electron path of the executable
 * @returns {string} the application folder to start it with
 */
export function testApplication(root, electron) {
  return isOldElectron(electron) ? builtFolder(root, APPLICATION) : root;
}

/**
 * Builds the application for this Electron.
 *
 * @param {string} root of the checkout, with its packages installed
 * @param {string} electron path of the executable
 * @param {Progress} progress
 * @returns {Promise<void>}
 */
export async function ensureTestApplication(root, electron, progress) {
  const parts = isOldElectron(electron)
    ? [APPLICATION]
    : /** @type {const} */ (['renderer', 'shell']);
  await ensureBuilt(root, parts, process.execPath, progress);
}
