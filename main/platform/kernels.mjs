import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelsAddon } from './addons.mjs';

/**
 * The instruction sets (ISAs) that kernels are built for, best first: one addon each, from the same
 * sources (compiler flags in binding.gyp). `features` are the CPU flags required, by their names in
 * Linux.
 */
export const ISAS = /** @type {const} */ ([
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

/** @typedef {(typeof ISAS)[number]['name']} Isa */

/** Selects the ISA of the kernels instead of the best one available: amx, avx512, avx2 or none. */
export const KERNELS_VARIABLE = 'KARST_KERNELS';

const NO_KERNELS = 'none';

/** Valid values of the variable. */
const KERNELS_VALUES = /** @type {readonly string[]} */ ([
  ...ISAS.map(({ name }) => name),
  NO_KERNELS,
]);

/**
 * @typedef {object} KernelsProblem why the variable's value cannot be used
 * @property {string} message
 * @property {string} hint
 */

/**
 * Validates the variable: an invalid value must not silently disable the kernels.
 *
 * @param {string} root root of the checkout or the application
 * @param {Record<string, string | undefined>} [environment]
 * @param {readonly Isa[]} [isas] ISAs of this CPU
 * @returns {KernelsProblem | null}
 */
export function kernelsProblem(root, environment = process.env, isas = processorIsas()) {
  const named = environment[KERNELS_VARIABLE];
  if (!named || named === NO_KERNELS) return null;
  const said = `The environment variable ${KERNELS_VARIABLE} is "${named}"`;
  const isa = ISAS.find(({ name }) => name === named);
  if (isa === undefined) {
    const values = KERNELS_VALUES.join(', ');
    return {
      message: `${said}, which names no kernels.`,
      hint: `Set it to ${values}, or leave it out to use the best that run here.`,
    };
  }
  if (!isas.includes(isa.name)) {
    const values = [...isas, NO_KERNELS].join(' or ');
    return {
      message: `${said}, but this processor has no ${isa.title}.`,
      hint: `Set it to ${values}, or leave it out to use the best that run here.`,
    };
  }
  if (existsSync(join(root, kernelsAddon(isa.name)))) return null;
  return {
    message: `${said}, but the kernels for ${isa.title} are not installed.`,
    hint: 'In a checkout "npm run setup" builds them and says why it cannot. Or leave the variable out.',
  };
}

/** @returns {boolean} whether the kernels support this platform, whatever its CPU */
export function isTheirSystem() {
  return process.platform === 'linux' && process.arch === 'x64';
}

/**
 * @returns {readonly Isa[]} ISAs that this CPU supports, best first; empty on unsupported platforms
 */
export function processorIsas() {
  if (!isTheirSystem()) return [];
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const has = new Set(flags.trim().split(/\s+/));
  const runnable = ISAS.filter(({ features }) => features.every((feature) => has.has(feature)));
  return runnable.map(({ name }) => name);
}

/**
 * Lists the kernel addons that an engine may load, best first: those built for the ISAs of this
 * CPU, or only the one that the variable names.
 *
 * @param {string} root root of the checkout or the application
 * @param {Record<string, string | undefined>} [environment]
 * @returns {{ isa: Isa, path: string }[]}
 */
export function installedKernels(root, environment = process.env) {
  const named = environment[KERNELS_VARIABLE];
  const isas = processorIsas().filter((isa) => !named || isa === named);
  const places = isas.map((isa) => ({ isa, path: join(root, kernelsAddon(isa)) }));
  return places.filter(({ path }) => existsSync(path));
}
