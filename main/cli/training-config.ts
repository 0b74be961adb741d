import { KarstError } from '../../shared/domain/errors.ts';
import {
  MATMUL_PRECISIONS,
  OPTIMIZERS,
  PRESETS,
  RECOMPUTE,
  TRAINING_DEFAULTS,
  type PresetName,
  type TrainingConfig,
} from '../../shared/domain/training.ts';
import type { Field } from '../../shared/fields/field.ts';
import { METHOD_NAMES, METHODS_WITH_OPTIONS } from '../../shared/methods/registry.ts';
import { currentName, withCurrentNames } from '../../shared/training/names.ts';
import { readTextFile } from '../formats/files.ts';
import { nearMiss } from './output/near-miss.ts';

/** What the settings' defaults do not say about their values. */
const CHOICES = new Map<string, readonly string[]>(
  Object.entries<readonly string[]>({
    ...optionChoices(),
    method: METHOD_NAMES,
    initialise: ['backbone', 'random'],
    matmulPrecision: MATMUL_PRECISIONS,
    recompute: RECOMPUTE,
    'optimizer.name': OPTIMIZERS,
    'optimizer.decayOn': ['matrices', 'all'],
  }),
);

function optionChoices(): Record<string, readonly string[]> {
  return Object.fromEntries(
    METHODS_WITH_OPTIONS.flatMap(({ name: method, options }) =>
      Object.entries<Field>(options.fields).flatMap(([name, { limits }]) =>
        'choices' in limits ? [[`${method}.${name}`, limits.choices] as const] : [],
      ),
    ),
  );
}

type Value = string | number | boolean | readonly string[];

/** Every setting by its dotted name, with its default. */
export const SETTINGS: ReadonlyMap<string, Value> = new Map(leaves(TRAINING_DEFAULTS));

/** One line a setting: its name, its default and what else it may be. */
export function settingsHelp(): string {
  const width = Math.max(...[...SETTINGS.keys()].map((key) => key.length));
  return [...SETTINGS]
    .map(([key, value]) => {
      const choices = CHOICES.get(key);
      const others =
        choices === undefined || Array.isArray(value) ? '' : `  (${choices.join(', ')})`;
      return `  ${key.padEnd(width)}  ${String(value)}${others}`;
    })
    .join('\n');
}

export interface ConfigSources {
  readonly preset?: string | undefined;
  /** Path of a JSON file of the shape of `TrainingConfig`, any part of it. */
  readonly file?: string | undefined;
  /** Values of options of their own (`--epochs`), by dotted name. */
  readonly options?: ReadonlyMap<string, Value>;
  /** `key=value` of `--set`, in their order. */
  readonly set?: readonly string[];
}

/**
 * The settings of a run: the defaults, over them the preset, the file, the options and `--set`, each winning
 * over those before. Checks names and types; limits are the host's business.
 * @throws config-invalid naming the setting and, for an unknown one, the nearest; not-found for the file
 */
export async function trainingConfig(sources: ConfigSources): Promise<TrainingConfig> {
  const values = new Map<string, Value>(SETTINGS);
  if (sources.preset !== undefined) {
    for (const [key, value] of leaves(presetNamed(sources.preset))) values.set(key, value);
  }
  if (sources.file !== undefined) {
    for (const [key, value] of await settingsOfFile(sources.file)) values.set(key, value);
  }
  for (const [key, value] of sources.options ?? []) values.set(key, checked(key, value, null));
  for (const assignment of sources.set ?? []) {
    const [key, value] = parseAssignment(assignment);
    values.set(key, value);
  }
  return assembled(values);
}

/** Reads one `key=value` as the type that the setting has. Lists are separated by commas. */
export function parseAssignment(assignment: string): [key: string, value: Value] {
  const at = assignment.indexOf('=');
  if (at <= 0) {
    throw new KarstError(
      'config-invalid',
      `"${assignment}" is not a setting: --set takes key=value.`,
      {
        hint: 'For example --set karst.rank=4.',
      },
    );
  }
  const key = currentName(assignment.slice(0, at).trim());
  const text = assignment.slice(at + 1).trim();
  const example = defaultOf(key, null);
  if (typeof example === 'number') return [key, checked(key, number(text), null)];
  if (typeof example === 'boolean') {
    return [key, checked(key, text === 'true' ? true : text === 'false' ? false : text, null)];
  }
  if (Array.isArray(example))
    return [
      key,
      checked(
        key,
        text.split(',').map((s) => s.trim()),
        null,
      ),
    ];
  return [key, checked(key, text, null)];
}

function presetNamed(name: string): object {
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name as PresetName];
  const near = nearMiss(name, Object.keys(PRESETS));
  throw new KarstError('config-invalid', `There is no preset named "${name}".`, {
    hint: `${near === null ? '' : `Did you mean ${near}? `}Presets: ${Object.keys(PRESETS).join(', ')}.`,
  });
}

async function settingsOfFile(file: string): Promise<[string, Value][]> {
  const text = await readTextFile(file);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new KarstError('config-invalid', `${file} is not JSON: ${(cause as Error).message}.`, {
      hint: 'Write the settings as {"karst": {"rank": 4}, "batchSize": 16}.',
      path: file,
      cause,
    });
  }
  if (!isObject(document)) {
    throw new KarstError('config-invalid', `${file} does not hold a JSON object.`, {
      hint: 'Write the settings as {"karst": {"rank": 4}, "batchSize": 16}.',
      path: file,
    });
  }
  return leaves(withCurrentNames(document)).map(([key, value]) => [key, checked(key, value, file)]);
}

/** The value, if the setting exists and takes it. `file`: where it was written, for the message. */
function checked(key: string, value: unknown, file: string | null): Value {
  const example = defaultOf(key, file);
  const choices = CHOICES.get(key);
  const problem = (expected: string): KarstError => {
    const where = file === null ? '' : ` in ${file}`;
    const sentence = `${key}${where} must be ${expected}, not ${shown(value)}.`;
    const hint = `Its default is ${JSON.stringify(example)}.`;
    return new KarstError(
      'config-invalid',
      sentence,
      file === null ? { hint } : { hint, path: file },
    );
  };
  if (typeof example === 'number') {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw problem('a number');
    return value;
  }
  if (typeof example === 'boolean') {
    if (typeof value !== 'boolean') throw problem('true or false');
    return value;
  }
  if (typeof example === 'string') {
    if (typeof value !== 'string' || choices?.includes(value) !== true) {
      throw problem(`one of ${choices?.join(', ')}`);
    }
    return value;
  }
  const members: unknown[] = Array.isArray(value) ? value : [];
  if (members.length === 0 || !members.every((m) => choices?.includes(m as string) === true)) {
    throw problem(`a list of ${choices?.join(', ')}`);
  }
  return members as string[];
}

function defaultOf(key: string, file: string | null): Value {
  const value = SETTINGS.get(key);
  if (value !== undefined) return value;
  const names = [...SETTINGS.keys()];
  const last = key.slice(key.lastIndexOf('.') + 1);
  const near =
    names.find((name) => name.endsWith(`.${last}`)) ??
    nearMiss(key, names) ??
    names.find((name) => nearMiss(last, [name.slice(name.lastIndexOf('.') + 1)]) !== null);
  const where = file === null ? '' : ` in ${file}`;
  const hint =
    near === undefined
      ? `Settings: ${names.join(', ')}.`
      : `Did you mean ${near}? \`karst train --help\` lists all settings.`;
  throw new KarstError(
    'config-invalid',
    `There is no setting named "${key}"${where}.`,
    file === null ? { hint } : { hint, path: file },
  );
}

function number(text: string): number | string {
  return text === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Short, and without going into what may be nested deeper than the stack is. */
function shown(value: unknown): string {
  if (Array.isArray(value) && !value.every((member) => typeof member === 'string'))
    return 'such a list';
  if (isObject(value)) return 'an object';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Settings stand alone or in one group: whatever is deeper is no setting, and is named as it begins. */
function leaves(object: object, group: string | null = null): [string, Value][] {
  return Object.entries(object).flatMap(([name, value]: [string, unknown]) =>
    group === null && isObject(value)
      ? leaves(value, name)
      : [[group === null ? name : `${group}.${name}`, value as Value]],
  );
}

function assembled(values: ReadonlyMap<string, Value>): TrainingConfig {
  const config: Record<string, Value | Record<string, Value>> = {};
  for (const [key, value] of values) {
    const [group, name] = key.split('.') as [string, string?];
    if (name === undefined) config[group] = value;
    else config[group] = { ...(config[group] as Record<string, Value>), [name]: value };
  }
  return config as unknown as TrainingConfig;
}
