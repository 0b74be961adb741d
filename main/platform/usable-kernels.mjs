import { createRequire } from 'node:module';
import { installedKernels } from './kernels.mjs';

/** @import { Isa } from './kernels.mjs' */

/**
 * The exports of main/native-ops/kernels/addon.cc.
 *
 * @typedef {object} KernelsAddon
 * @property {boolean} granted whether the system lets this process use the required instructions
 * @property {() => string | null} check computes known products; returns the call whose result is
 * wrong
 * @property {() => void} useInPrograms registers the calls with XLA, once per process
 * @property {() => void} trimAtNextCall
 */

/**
 * @typedef {object} RefusedKernels kernels that are installed but disabled
 * @property {Isa} isa
 * @property {string} reason why their check failed, as a clause
 */

/**
 * @typedef {object} UsableKernels
 * @property {{ isa: Isa, addon: KernelsAddon } | null} kernels null: XLA computes everything
 * @property {readonly RefusedKernels[]} refused better ones that failed, best first
 */

/**
 * Loads the installed kernels of the best ISA and runs their self-check on known products. Kernels
 * that do not load or fail the check are disabled, and the next ISA is tried; with `KARST_KERNELS`
 * there is no fallback. Loads TensorFlow.
 *
 * @param {string} root root of the checkout or the application
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
