import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelsAddon } from './addons.mjs';

/**
 * The instruction sets (ISAs) that kernels are built for, best first: one addon each, from the same
 * sources (compiler flags in binding.gyp). `features` are the CPU flags required, by their names in
 * Linux. Kernels that no processor has been measured with run only where the variable names them.
 */
export const ISAS = /** @type {const} */ ([
  {
    name: 'amx',
    title: 'AMX',
    arch: 'x64',
    measured: true,
    features: ['avx512f', 'avx512bw', 'avx512_bf16', 'amx_tile', 'amx_bf16'],
  },
  {
    name: 'avx512',
    title: 'AVX-512',
    arch: 'x64',
    measured: true,
    features: ['avx512f', 'avx2', 'fma'],
  },
  { name: 'avx2', title: 'AVX2', arch: 'x64', measured: true, features: ['avx2', 'fma'] },
  { name: 'neon', title: 'NEON', arch: 'arm64', measured: false, features: ['asimd'] },
]);

/** @typedef {(typeof ISAS)[number]['name']} Isa */

/** Selects the ISA of the kernels instead of the best one available: a name above, or none. */
export const KERNELS_VARIABLE = 'KARST_KERNELS';

const NO_KERNELS = 'none';

/** Systems and processors that the kernels are written for. */
const THEIR_SYSTEMS = ['linux-x64', 'linux-arm64', 'darwin-arm64'];

/** The ISAs that this system's kernels are built for, best first; none where there are no kernels. */
export function systemIsas() {
  const theirs = THEIR_SYSTEMS.includes(`${process.platform}-${process.arch}`);
  return theirs ? ISAS.filter(({ arch }) => arch === process.arch) : [];
}

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
    const values = [...systemIsas().map(({ name }) => name), NO_KERNELS].join(', ');
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

/**
 * @returns {readonly Isa[]} ISAs that this CPU supports, best first; empty on unsupported platforms
 */
export function processorIsas() {
  const isas = systemIsas();
  // Every arm64 processor has NEON.
  if (isas.length === 0 || process.arch === 'arm64') return isas.map(({ name }) => name);
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const has = new Set(flags.trim().split(/\s+/));
  const runnable = isas.filter(({ features }) => features.every((feature) => has.has(feature)));
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
  const isMeasured = (/** @type {Isa} */ isa) =>
    ISAS.some((one) => one.name === isa && one.measured);
  const isas = processorIsas().filter((isa) => (named ? isa === named : isMeasured(isa)));
  const places = isas.map((isa) => ({ isa, path: join(root, kernelsAddon(isa)) }));
  return places.filter(({ path }) => existsSync(path));
}
