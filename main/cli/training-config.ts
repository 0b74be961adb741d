import * as v from 'valibot';
import { KarstError } from '../../shared/domain/errors.ts';
import type { RunStart } from '../../shared/contract/window/runs.ts';
import { PRESETS, type PresetName, type TrainingConfig } from '../../shared/domain/training.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { DEFAULT_METHOD, METHOD_NAMES, type Method } from '../../shared/methods/registry.ts';
import type { Architecture } from '../../shared/models/registry.ts';
import { configFrom } from '../../shared/training/config.ts';
import { flipObjection } from '../../shared/training/flip-rule.ts';
import { BACKBONE_DEFAULTS, traitsOf } from '../../shared/training/method-defaults.ts';
import { currentName, flatSettings } from '../../shared/training/names.ts';
import {
  defaultOf,
  defaultOn,
  isSettingKey,
  SECTIONS,
  SETTING_KEYS,
  SETTINGS,
  settingsFrom,
  type Setting,
  type SettingKey,
} from '../../shared/training/settings.ts';
import { readTextFile } from '../formats/files.ts';
import { nearMiss } from './output/near-miss.ts';

export interface ConfigSources {
  /** What the adapter that the run starts from binds it to; null for none. */
  readonly start?: Pick<RunStart, 'tuning' | 'imageSize' | 'initialize'> | null;
  readonly preset?: string | undefined;
  /** Path of a JSON file of some settings: as `TrainingConfig` has them, or under their dotted names' groups. */
  readonly file?: string | undefined;
  /** Values of dedicated options (`--epochs`), by dotted name. */
  readonly options?: ReadonlyMap<SettingKey, unknown>;
  /** `key=value` of `--set`, in their order. */
  readonly set?: readonly string[];
}

/** One setting as given: by any of its names, not validated. */
interface Given {
  readonly name: string;
  /** Text of the command line, or a value of JSON. */
  readonly value: unknown;
  /** The file that contains it. */
  readonly file: string | null;
  /** Whether options of a method other than the run's are refused: a file may hold those of several. */
  readonly strict: boolean;
}

/** What was said of a run; everything else is a default, which may depend on the classes. */
export interface GivenSettings {
  readonly method: Method;
  readonly values: ReadonlyMap<SettingKey, unknown>;
}

/**
 * The settings that are given: by the start, over it the preset, the file, the options and `--set`, each winning over
 * those before.
 * @throws config-invalid naming the setting and, for an unknown one, the nearest; not-found for the file
 */
export async function givenSettings(sources: ConfigSources): Promise<GivenSettings> {
  const { start = null, preset, file, set = [] } = sources;
  const options = sources.options ?? new Map<SettingKey, unknown>();
  const given: Given[] = [
    ...(start === null ? [] : leaves(boundBy(start), null)),
    ...(preset === undefined ? [] : leaves(presetNamed(preset), null)),
    ...(file === undefined ? [] : leaves(flatSettings(await documentOf(file)), file)),
    ...[...options].map(([name, value]) => ({ name, value, file: null, strict: true })),
    ...set.map(assignment),
  ];
  const chosen = given.findLast(({ name }) => name === 'method');
  const method = chosen === undefined ? DEFAULT_METHOD : methodOf(chosen);
  const values = new Map<SettingKey, unknown>([['method', method]]);
  for (const one of given) {
    const setting = settingNamed(one, method);
    values.set(setting.key, checked(setting, one, method));
  }
  return { method, values };
}

/**
 * All settings of a run on these classes.
 * @param backbone the architecture, on which defaults depend
 */
export function configOf(
  { method, values }: GivenSettings,
  classes: readonly string[],
  backbone: Architecture,
): TrainingConfig {
  const context = {
    method,
    mayFlip: flipObjection(classes) === null,
    backbone: traitsOf(backbone),
  };
  return configFrom(
    settingsFrom((setting) =>
      values.has(setting.key) ? values.get(setting.key) : defaultOf(setting, context),
    ),
  );
}

/** The settings that a start decides, by their dotted names. */
function boundBy({ tuning, imageSize, initialize }: NonNullable<ConfigSources['start']>): object {
  return flatSettings({ tuning, imageSize, initialize });
}

/** The settings in the help of `train`. */
export interface TrainHelp {
  option(key: SettingKey): string;
  readonly presets: string;
  settings(): string;
}

export const TRAIN_HELP: TrainHelp = {
  option: (key) => {
    const { help, limits } = SETTINGS[key];
    return limits.kind === 'choice' ? `${help} (${limits.choices.join(', ')})` : help;
  },
  presets: `settings to start from: ${Object.keys(PRESETS).join(', ')}`,
  settings: settingsHelp,
};

/** Every setting with default, allowed values and effect, under the form's headings. */
export function settingsHelp(): string {
  const width = Math.max(...SETTING_KEYS.map((key) => namesOf(SETTINGS[key]).length));
  const entry = (setting: Setting): string[] => {
    const { unit, expected, help, affects } = setting;
    const amount = `default ${defaultsOf(setting)}${unit === undefined ? '' : ` ${unit}`}`;
    const changes = affects.length === 0 ? '' : ` (${affects.join(', ')})`;
    return [
      `  ${namesOf(setting).padEnd(width)}  ${amount}; ${expected}`,
      `      ${help}${changes}`,
    ];
  };
  return SECTIONS.flatMap((section) => [
    `\n${section}`,
    ...SETTING_KEYS.map((key) => SETTINGS[key])
      .filter((setting) => setting.section === section)
      .flatMap(entry),
  ]).join('\n');
}

/** The default, and those on the kinds of backbones where it is another one. */
function defaultsOf(setting: Setting): string {
  const usual = byMethod((method) => defaultOf(setting, { method, mayFlip: true, backbone: null }));
  const others = BACKBONE_DEFAULTS.map((of) => {
    const values = byMethod((method) => defaultOn(of, method, setting.key));
    return values === '' ? '' : `on backbones ${of.kind} ${values}`;
  });
  return [usual, ...others].filter((text) => text !== '').join('; ');
}

/** "0.003 (karst, lora), 0.0003 (full)", or one value where all methods have the same. */
function byMethod(valueOf: (method: Method) => FieldValue | undefined): string {
  const methods = new Map<string, Method[]>();
  for (const method of METHOD_NAMES) {
    const value = valueOf(method);
    if (value === undefined) continue;
    methods.set(shown(value), [...(methods.get(shown(value)) ?? []), method]);
  }
  const each = [...methods].map(([text, of]) => `${text} (${of.join(', ')})`);
  return methods.size === 1 ? [...methods.keys()].join('') : each.join(', ');
}

function namesOf({ key, shortNames }: Setting): string {
  return [key, ...shortNames.filter((name) => name !== key)].join(', ');
}

function assignment(text: string): Given {
  const at = text.indexOf('=');
  if (at <= 0) {
    throw new KarstError('config-invalid', `"${text}" is not a setting: --set takes key=value.`, {
      hint: 'For example --set lr=0.001.',
    });
  }
  return {
    name: text.slice(0, at).trim(),
    value: text.slice(at + 1).trim(),
    file: null,
    strict: true,
  };
}

function methodOf(given: Given): Method {
  return checked(SETTINGS.method, given, DEFAULT_METHOD) as Method;
}

/** @throws config-invalid when no setting has the name, or only one of another method */
function settingNamed(given: Given, method: Method): Setting {
  const name = currentName(given.name);
  const named = isSettingKey(name)
    ? [SETTINGS[name]]
    : SETTING_KEYS.map((key) => SETTINGS[key]).filter((one) => one.shortNames.includes(name));
  const own = named.find((one) => one.method === null || one.method === method);
  const found = own ?? named[0];
  if (found === undefined) throw unknownSetting(given);
  if (own !== undefined || found.method === null || !given.strict) return found;
  throw new KarstError(
    'config-invalid',
    `${found.key} is a setting of the method ${found.method}; the method of this run is ${method}.`,
    { hint: `Leave it out, or choose --method ${found.method}.` },
  );
}

function unknownSetting({ name, file }: Given): KarstError {
  const last = name.slice(name.lastIndexOf('.') + 1);
  const near =
    SETTING_KEYS.find((key) => key.endsWith(`.${last}`)) ??
    nearMiss(
      name,
      SETTING_KEYS.flatMap((key) => [key, ...SETTINGS[key].shortNames]),
    ) ??
    SETTING_KEYS.find((key) => nearMiss(last, [key.slice(key.lastIndexOf('.') + 1)]) !== null);
  const where = file === null ? '' : ` in ${file}`;
  const suggestion = near === undefined ? '' : `Did you mean ${near}? `;
  const hint = `${suggestion}\`karst train --help\` lists all settings.`;
  return new KarstError(
    'config-invalid',
    `There is no setting named "${name}"${where}.`,
    file === null ? { hint } : { hint, path: file },
  );
}

/** The value in the setting's type. @throws config-invalid saying what it must be */
function checked(setting: Setting, { value, file, strict }: Given, method: Method): unknown {
  const read = strict ? fromText(setting, value) : value;
  const outcome = v.safeParse(setting.schema, read);
  if (outcome.success) return outcome.output;
  const where = file === null ? '' : ` in ${file}`;
  const usual = defaultOf(setting, { method, mayFlip: true, backbone: null });
  const hint = `Its default is ${JSON.stringify(usual)}.`;
  throw new KarstError(
    'config-invalid',
    `${setting.key}${where} must be ${setting.expected}, not ${shownInput(read)}.`,
    file === null ? { hint } : { hint, path: file },
  );
}

/** Text converted to the setting's type, if possible. Lists are separated by commas. */
function fromText({ limits }: Setting, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  switch (limits.kind) {
    case 'number':
      return value === '' || Number.isNaN(Number(value)) ? value : Number(value);
    case 'flag':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 'several':
      return value.split(',').map((member) => member.trim());
    case 'choice':
      return value;
  }
}

function presetNamed(name: string): object {
  if (Object.hasOwn(PRESETS, name)) return PRESETS[name as PresetName];
  const near = nearMiss(name, Object.keys(PRESETS));
  throw new KarstError('config-invalid', `There is no preset named "${name}".`, {
    hint: `${near === null ? '' : `Did you mean ${near}? `}Presets: ${Object.keys(PRESETS).join(', ')}.`,
  });
}

async function documentOf(file: string): Promise<object> {
  const text = await readTextFile(file);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new KarstError('config-invalid', `${file} is not JSON: ${(cause as Error).message}.`, {
      hint: 'Write the settings as {"optimizer": {"learningRate": 0.001}, "batchSize": 16}.',
      path: file,
      cause,
    });
  }
  if (!isObject(document)) {
    throw new KarstError('config-invalid', `${file} does not hold a JSON object.`, {
      hint: 'Write the settings as {"optimizer": {"learningRate": 0.001}, "batchSize": 16}.',
      path: file,
    });
  }
  return document;
}

/**
 * Settings are at the top level or in one group: anything deeper is not a setting and is reported
 * by its top name.
 */
function leaves(object: object, file: string | null, group: string | null = null): Given[] {
  return Object.entries(object).flatMap(([name, value]: [string, unknown]) =>
    group === null && isObject(value)
      ? leaves(value, file, name)
      : [{ name: group === null ? name : `${group}.${name}`, value, file, strict: false }],
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: FieldValue): string {
  return typeof value === 'object' ? value.join(',') : String(value);
}

/** Short, and without going into what may be nested deeper than the stack is. */
function shownInput(value: unknown): string {
  if (Array.isArray(value) && !value.every((member) => typeof member === 'string'))
    return 'such a list';
  if (isObject(value)) return 'an object';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
