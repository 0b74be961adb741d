import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { choiceFile, chosenVariant } from '../platform/tensorflow-variant.mjs';
import { areAddonsReady, ensureAddons } from './addons.mjs';
import { arePackagesReady, ensurePackages } from './npm-packages.mjs';
import { checkNodeVersion, checkPrerequisites } from './prerequisites.mjs';
import {
  damagedFiles,
  ensureRuntime,
  inspectRuntime,
  removeRuntime,
} from './tensorflow-runtime.mjs';
import { projectNode } from './project-node.mjs';
import { ensurePrebuilt, isPrebuiltReady } from './windows-addon.mjs';

/**
 * @import { Prerequisite } from './prerequisites.mjs'
 * @import { Progress } from './progress.mjs'
 * @import { Variant } from '../platform/tensorflow-variant.mjs'
 */

/**
 * Installs everything a checkout needs to run without a network: npm packages, the project's Node,
 * TensorFlow and the addons. Skips what is present, so an interrupted set-up can be resumed.
 *
 * @param {string} root of the checkout
 * @param {Progress} progress
 * @param {{ variant?: Variant }} [options] the TensorFlow; default: the one chosen last
 * @returns {Promise<{ node: string, changed: boolean }>} the project's Node, and whether anything
 *   was missing
 * @throws {SetupProblem}
 */
export async function ensureInstalled(root, progress, options = {}) {
  checkNodeVersion();
  const variant = options.variant ?? chosenVariant(root);
  const windows = process.platform === 'win32';
  const packagesReady = arePackagesReady(root);
  const state = windows ? null : inspectRuntime(variant);
  const runtimeReady = state?.ready ?? true;
  const addonsReady =
    packagesReady &&
    (state === null ? isPrebuiltReady(root) : runtimeReady && areAddonsReady(root, state.runtime));
  const changed = !(packagesReady && runtimeReady && addonsReady);
  if (changed) {
    /** @type {Prerequisite[]} */
    const needed = [];
    if (!packagesReady) needed.push('npm');
    if (!runtimeReady) needed.push('python', 'pip');
    if (!addonsReady && !windows) needed.push('python', 'compiler', 'make');
    checkPrerequisites([...new Set(needed)]);
  }
  await ensurePackages(root, progress);
  const node = projectNode(root);
  if (windows) await ensurePrebuilt(root, node, variant, progress);
  else {
    const runtime = await ensureRuntime(variant, progress);
    await ensureAddons(root, runtime, node, progress);
  }
  if (variant !== chosenVariant(root)) chooseVariant(root, variant);
  return { node, changed };
}

/**
 * @param {string} root of the checkout
 * @param {Variant} variant
 */
function chooseVariant(root, variant) {
  const file = choiceFile(root);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, variant);
}

/**
 * Checks the hashes of the installed TensorFlow and removes the installation when any file differs.
 *
 * @param {string} root of the checkout
 * @param {Progress} progress
 * @returns {Promise<boolean>} whether it was intact or absent
 */
export async function verifyInstalled(root, progress) {
  // KARST_TENSORFLOW_DIR names the user's own copy, for which there are no recorded hashes.
  if (process.platform === 'win32' || process.env['KARST_TENSORFLOW_DIR']) return true;
  const { runtime, ready } = inspectRuntime(chosenVariant(root));
  if (!ready) return true;
  progress.start('Checking the installed TensorFlow');
  const damaged = await damagedFiles(runtime, (done, total) => {
    progress.advance(done, total, 'files');
  });
  if (damaged.length === 0) {
    progress.finish('The installed TensorFlow is as it was downloaded');
    return true;
  }
  progress.finish(`Damaged: ${damaged.join(', ')}. It is installed again`);
  removeRuntime(runtime);
  return false;
}
