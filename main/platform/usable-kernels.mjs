import { createRequire } from 'node:module';
import { installedKernels } from './kernels.mjs';

/** @import { Isa } from './kernels.mjs' */

/**
 * What main/native-ops/kernels/addon.cc exports.
 *
 * @typedef {object} KernelsAddon
 * @property {boolean} granted whether the system lets this process use what the kernels need
 * @property {() => string | null} check makes known products and says which call came to something else
 * @property {() => void} useInPrograms registers the calls with XLA, once a process
 * @property {() => void} trimAtNextCall
 */

/**
 * @typedef {object} RefusedKernels kernels that are installed here and stay off
 * @property {Isa} isa
 * @property {string} reason what their check found, as a clause
 */

/**
 * @typedef {object} UsableKernels
 * @property {{ isa: Isa, addon: KernelsAddon } | null} kernels null: XLA computes everything
 * @property {readonly RefusedKernels[]} refused better ones, the best first
 */

/**
 * Loads the kernels for the best ISA that are installed and has them check themselves on known products; those that do not load or
 * come to something else stay off, and the next ISA is tried. What is named by `KARST_KERNELS` has no next. Loads TensorFlow.
 *
 * @param {string} root of the checkout or the application
 * @param {Record<string, string | undefined>} [environment]
 * @param {(path: string) => KernelsAddon} [load]
 * @returns {UsableKernels}
 */
export function usableKernels(
  root,
  environment = process.env,
  load = createRequire(import.meta.url),
) {
  /** @type {RefusedKernels[]} */
  const refused = [];
  for (const { isa, path } of installedKernels(root, environment)) {
    const found = openKernels(path, load);
    if ('addon' in found) return { kernels: { isa, addon: found.addon }, refused };
    refused.push({ isa, reason: found.reason });
  }
  return { kernels: null, refused };
}

/**
 * @param {string} path
 * @param {(path: string) => KernelsAddon} load
 * @returns {{ addon: KernelsAddon } | { reason: string }}
 */
function openKernels(path, load) {
  try {
    const addon = load(path);
    if (!addon.granted)
      return { reason: 'the system does not allow processes to use the instructions they need' };
    const wrong = addon.check();
    return wrong === null ? { addon } : { reason: `${wrong} gave a wrong result` };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { reason: `they do not run (${message.trim().split('\n', 1)[0] ?? ''})` };
  }
}
