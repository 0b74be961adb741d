import * as v from 'valibot';
import type { DefaultContext, Field, FieldValue } from '../fields/field.ts';
import { defaultOf } from '../fields/group.ts';
import {
  METHODS_WITH_OPTIONS,
  type Method,
  type MethodGroups,
  type MethodWithOptions,
} from '../methods/registry.ts';
import {
  augmentation,
  common,
  optimizer,
  schedule,
  type AugmentationOptions,
  type CommonSettings,
  type OptimizerOptions,
  type ScheduleOptions,
} from './fields.ts';
import { withCurrentNames } from './names.ts';

/** All settings of a run: the common ones, and the options of every method under the method's name. */
export interface TrainingConfig extends CommonSettings, MethodGroups {
  readonly schedule: ScheduleOptions;
  readonly optimizer: OptimizerOptions;
  readonly augmentation: AugmentationOptions;
}

type Leaves<T> = {
  [K in keyof T & string]: T[K] extends FieldValue ? K : `${K}.${Leaves<T[K]>}`;
}[keyof T & string];
/** Dotted name of a setting. */
export type SettingKey = Leaves<TrainingConfig>;

/** Of the form and the help, in their order. */
export const SECTIONS = [
  'basics',
  ...METHODS_WITH_OPTIONS.map(({ name }) => name),
  'optimizer',
  'schedule',
  'augmentation',
  'regularisation',
  'run',
] as const;
export type Section = (typeof SECTIONS)[number];

export interface Setting extends Field {
  readonly key: SettingKey;
  /** The method whose option it is; null for those of every run. */
  readonly method: MethodWithOptions | null;
  readonly section: Section;
  /** Names without dots by which the command line knows it. */
  readonly shortNames: readonly string[];
}

function settingsIn(
  prefix: string,
  fields: object,
  method: MethodWithOptions | null,
): [string, Setting][] {
  return Object.entries(fields as Readonly<Record<string, Field>>).map(([name, field]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const { section = prefix, short = [name] } = field;
    const place = { key: key as SettingKey, section: section as Section };
    return [key, { ...field, ...place, method, shortNames: short }];
  });
}

/** Every setting of every method, by its dotted name, in the order in which they are shown. */
export const SETTINGS = Object.fromEntries(
  [
    ...settingsIn('schedule', schedule.fields, null),
    ...settingsIn('', common.fields, null),
    ...METHODS_WITH_OPTIONS.flatMap(({ name, options }) => settingsIn(name, options.fields, name)),
    ...settingsIn('optimizer', optimizer.fields, null),
    ...settingsIn('augmentation', augmentation.fields, null),
  ].sort(([, one], [, other]) => SECTIONS.indexOf(one.section) - SECTIONS.indexOf(other.section)),
) as Readonly<Record<SettingKey, Setting>>;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(SETTINGS, name);
}

type Tree = Readonly<Record<string, unknown>>;

/** What an object of settings holds under a dotted name; undefined when it holds nothing there. */
function heldIn(tree: Tree, key: string): unknown {
  const [outer, inner] = key.split('.') as [string, string?];
  const held = Object.hasOwn(tree, outer) ? tree[outer] : undefined;
  if (inner === undefined) return held;
  return typeof held === 'object' && held !== null && Object.hasOwn(held, inner)
    ? (held as Tree)[inner]
    : undefined;
}

/** The value of a setting by its dotted name. */
export function settingValue(config: TrainingConfig, key: SettingKey): FieldValue {
  return heldIn({ ...config }, key) as FieldValue;
}

/** Whether the setting has any effect beside the others. */
export function matters(key: SettingKey, config: TrainingConfig): boolean {
  const { method, matters: test } = SETTINGS[key];
  if (method !== null && method !== config.method) return false;
  const valueOf = (name: string): FieldValue => {
    if (!isSettingKey(name)) throw new TypeError(`There is no setting ${name}.`);
    return settingValue(config, name);
  };
  return test?.(valueOf) ?? true;
}

/** The settings of a section that have an effect beside the others. */
export function settingsOf(section: Section, config: TrainingConfig): SettingKey[] {
  return SETTING_KEYS.filter((key) => SETTINGS[key].section === section && matters(key, config));
}

/** All settings, each with the value that `choose` has for it. */
export function configOf(choose: (setting: Setting) => unknown): TrainingConfig {
  const config: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const [outer, inner] = key.split('.') as [string, string?];
    const value = choose(SETTINGS[key]);
    if (inner === undefined) config[outer] = value;
    else config[outer] = { ...(config[outer] as Tree), [inner]: value };
  }
  // Every setting and none else, as the type has it; what `choose` gives is of the setting's type.
  return config as unknown as TrainingConfig;
}

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;
export type TrainingOverrides = DeepPartial<TrainingConfig>;

/** The settings that are given, and for a method and a family the defaults of all others. */
export function configWith(
  given: TrainingOverrides,
  context: DefaultContext & { readonly method: Method },
): TrainingConfig {
  const held = { ...given, method: context.method };
  return configOf((setting) => heldIn(held, setting.key) ?? defaultOf(setting, context));
}

/**
 * Settings as an earlier version wrote them, under the names that they have now. One that was not known yet takes its
 * standard value: what was not there did not happen.
 */
export function completeConfig(stored: TrainingOverrides): TrainingConfig {
  const held = withCurrentNames(stored);
  return configOf((setting) => heldIn(held, setting.key) ?? setting.default);
}

function configSchema(kind: 'schema' | 'looseSchema'): v.GenericSchema<unknown, TrainingConfig> {
  const entries = {
    ...Object.fromEntries(
      Object.entries<Field>(common.fields).map(([name, field]) => [name, field[kind]]),
    ),
    ...Object.fromEntries(METHODS_WITH_OPTIONS.map(({ name, options }) => [name, options[kind]])),
    schedule: schedule[kind],
    optimizer: optimizer[kind],
    augmentation: augmentation[kind],
  };
  const schema = kind === 'schema' ? v.strictObject(entries) : v.object(entries);
  // Of the same names as `TrainingConfig`, which is made of the same groups.
  return schema as unknown as v.GenericSchema<unknown, TrainingConfig>;
}

/** Settings within their limits; the messages finish the sentence "… must be". */
export const trainingSchema = configSchema('schema');
/** Settings of the right kind; what is out of its limits is told by name when a training is planned. */
export const looseTrainingSchema = configSchema('looseSchema');
