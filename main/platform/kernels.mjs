import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelsAddon } from './addons.mjs';

/**
 * What processors can do, the best first: each gets an addon of its own from the same sources
 * (binding.gyp has the compiler's flags). `features` are what the processor needs, by Linux's names.
 */
export const LEVELS = /** @type {const} */ ([
  {
    name: 'amx',
    title: 'AMX',
    features: ['avx512f', 'avx512bw', 'avx512_bf16', 'amx_tile', 'amx_bf16'],
  },
  {
    name: 'avx512',
    title: 'AVX-512',
    features: ['avx512f', 'avx2', 'fma'],
  },
  { name: 'avx2', title: 'AVX2', features: ['avx2', 'fma'] },
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

/** @returns {boolean} whether this is a system that they are written for, whatever its processor */
export function isTheirSystem() {
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
  const places = levels.map((level) => ({ level, path: join(root, kernelsAddon(level)) }));
  return places.filter(({ path }) => existsSync(path));
}
