import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The parts of `npm test` and `npm run test:full`, and the arguments that select them.
 *
 *   --full           also the long parts; has no effect together with `--only`
 *   --only NAMES     only these, separated by commas: checks, suites or long parts
 *   --seed N         for randomised parts: an integer below 2^32; default: random, and printed
 *   --minutes N      duration of a campaign (default 10)
 *   --data DIR       folder with photographs, for parts that measure on them
 *   --backbone DIR   folder with a real backbone, for parts that measure on it
 */

/** @typedef {'seed' | 'minutes' | 'data' | 'backbone'} OptionName */

/**
 * A part of the long suite: the tests in `test/full/<name>`, or a script.
 *
 * @typedef {object} Part
 * @property {string} does one-line description
 * @property {readonly string[]} [script] path relative to the checkout, and arguments; a non-zero
 * exit code is a failure
 * @property {boolean} [window] its tests run in Playwright and drive an Electron
 * @property {readonly OptionName[]} takes options that it accepts
 * @property {readonly OptionName[]} [needs] the required options among `takes`
 */

/** @type {Readonly<Record<string, Part>>} */
export const PARTS = {
  starter: { does: 'makes a backbone of a zip, interrupted and resumed', takes: [] },
  faults: {
    does: 'kills, full disks, damaged files and bent calls, drawn by a seed',
    takes: ['seed', 'minutes'],
  },
  serve: { does: 'loads a served studio as no browser does', takes: [] },
  gpu: {
    does: 'computes every operation and the oracle’s training on a graphics card in software',
    takes: [],
  },
  memory: { does: 'holds plans to the memory that trainings take, for nine of them', takes: [] },
  install: {
    does: 'makes, installs, uses, upgrades and removes the Debian package',
    window: true,
    takes: [],
  },
  libraries: {
    does: 'compares backbones and exports with timm, transformers and ONNX Runtime themselves',
    takes: ['data', 'backbone'],
  },
  methods: { does: 'holds every method to its properties on every network', takes: [] },
  sanitizers: {
    does: 'runs the compiled code under the compiler’s sanitizers',
    takes: ['seed'],
  },
};

const CHECK_NAMES = ['types', 'lint', 'cycles', 'unused', 'format'];
const SUITES = ['unit', 'integration'];
/** Suites run by Playwright. */
export const BROWSER_SUITES = ['e2e', 'electron'];

/**
 * Environment variables that pass the options to a part.
 * @type {Readonly<Record<OptionName, string>>}
 */
const VARIABLES = {
  seed: 'KARST_TEST_SEED',
  minutes: 'KARST_TEST_MINUTES',
  data: 'KARST_TEST_DATA',
  backbone: 'KARST_TEST_BACKBONE',
};

const DEFAULT_MINUTES = 10;

/** @param {string} name @returns {name is OptionName} */
const isOption = (name) => Object.hasOwn(VARIABLES, name);

/**
 * The selected parts.
 *
 * @typedef {object} Choice
 * @property {readonly string[]} names in the order in which they run
 * @property {Readonly<Record<string, string>>} environment variables for the long parts
 * @property {Readonly<Record<string, string>>} refused reasons of the parts that cannot run, by
 * name
 */

/** @param {Readonly<Record<string, Part>>} [parts] */
export function usage(parts = PARTS) {
  const long = Object.entries(parts).map(([name, { does, takes, needs = [] }]) => {
    const options = takes.map((option) =>
      needs.includes(option) ? `--${option}` : `[--${option}]`,
    );
    return `  ${[name.padEnd(12), does, ...options].join(' ')}\n`;
  });
  return [
    `Usage: npm test -- [--only NAMES]; npm run test:full -- [--only NAMES] [--seed N] [--minutes N] [--data DIR] [--backbone DIR]\n`,
    `NAMES, separated by commas, of ${[...CHECK_NAMES, ...SUITES, ...BROWSER_SUITES].join(', ')}; of the long parts:\n`,
    ...long,
  ].join('');
}

/**
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, Part>>} [parts]
 * @returns {Choice | string} an error message if the arguments are invalid
 */
export function chooseParts(args, parts = PARTS) {
  const always = [...CHECK_NAMES, ...SUITES, ...BROWSER_SUITES];
  const known = [...always, ...Object.keys(parts)];
  let full = false;
  /** @type {readonly string[] | null} */
  let only = null;
  /** @type {Partial<Record<OptionName, string>>} */
  const given = {};
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--full') {
      full = true;
      continue;
    }
    const name = arg.startsWith('--') ? arg.slice(2) : '';
    if (name !== 'only' && !isOption(name)) return `There is no option ${arg}.`;
    const value = rest.shift();
    if (value === undefined || value === '') return `${arg} needs a value.`;
    if (name === 'only') only = value.split(',');
    else given[name] = value;
  }
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) return `There is no part "${unknown}".`;
  const names = known.filter((name) => only?.includes(name) ?? (full || always.includes(name)));
  const chosen = Object.entries(parts).filter(([name]) => names.includes(name));
  for (const option of Object.keys(given)) {
    if (!chosen.some(([, { takes }]) => takes.some((one) => one === option)))
      return `None of the chosen parts takes --${option}.`;
  }
  const wrong = wrongValue(given);
  if (wrong !== null) return wrong;
  /** @type {Record<string, string>} */
  const refused = {};
  for (const [name, { needs = [] }] of chosen) {
    const missing = needs.filter((option) => given[option] === undefined);
    if (missing.length > 0)
      refused[name] =
        `The part ${name} measures on files of yours: give it ${missing.map((option) => `--${option} DIR`).join(' and ')}.`;
  }
  /** @type {Record<string, string>} */
  const environment = {};
  const { seed = String(randomInt(2 ** 32)), minutes = String(DEFAULT_MINUTES) } = given;
  environment[VARIABLES.seed] = seed;
  environment[VARIABLES.minutes] = minutes;
  for (const option of /** @type {const} */ (['data', 'backbone'])) {
    const value = given[option];
    if (value !== undefined) environment[VARIABLES[option]] = resolve(value);
  }
  return { names, environment, refused };
}

/**
 * @param {Partial<Record<OptionName, string>>} given
 * @returns {string | null} an error message if a value is invalid
 */
function wrongValue({ seed, minutes, data, backbone }) {
  if (seed !== undefined && (!/^\d{1,10}$/.test(seed) || Number(seed) >= 2 ** 32))
    return `--seed takes a whole number below 4294967296, not "${seed}".`;
  if (minutes !== undefined && !(/^\d+(\.\d+)?$/.test(minutes) && Number(minutes) > 0))
    return `--minutes takes a number above 0, not "${minutes}".`;
  for (const [option, path] of Object.entries({ data, backbone }))
    if (path !== undefined && !existsSync(path)) return `--${option}: there is no ${path}.`;
  return null;
}

/**
 * The command line that repeats one part with the same options.
 *
 * @param {string} name
 * @param {Choice} choice
 */
export function commandOf(name, { environment }) {
  const options = (PARTS[name]?.takes ?? []).flatMap((option) => {
    const value = environment[VARIABLES[option]];
    return value === undefined ? [] : [`--${option} ${value}`];
  });
  return ['npm run test:full -- --only', name, ...options].join(' ');
}

/**
 * The options of a part, as read by its tests. Without the runner the seed defaults to 1.
 *
 * @param {Readonly<Record<string, string | undefined>>} [environment]
 * @returns {{ seed: number, minutes: number, data: string | null, backbone: string | null }}
 */
export function partOptions(environment = process.env) {
  return {
    seed: Number(environment[VARIABLES.seed] ?? 1),
    minutes: Number(environment[VARIABLES.minutes] ?? DEFAULT_MINUTES),
    data: environment[VARIABLES.data] ?? null,
    backbone: environment[VARIABLES.backbone] ?? null,
  };
}
