import * as v from 'valibot';
import type { Field, FieldValue } from '../fields/field.ts';
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
import {
  BACKBONE_DEFAULTS,
  METHOD_DEFAULTS,
  type BackboneDefaults,
  type BackboneTraits,
} from './method-defaults.ts';

/** What every run is told, whatever its method. */
export interface RunSettings extends Omit<CommonSettings, 'method'> {
  readonly schedule: ScheduleOptions;
  readonly optimizer: OptimizerOptions;
  readonly augmentation: AugmentationOptions;
}

/**
 * Every setting there is, with the options of every method under its name: what a form holds, so that what was typed for
 * one method is still there after a look at another. A run has a `TrainingConfig`.
 */
export interface AllSettings extends RunSettings, MethodGroups {
  readonly method: Method;
}

type Leaves<T> = {
  [K in keyof T & string]: T[K] extends FieldValue ? K : `${K}.${Leaves<T[K]>}`;
}[keyof T & string];
/** Dotted name of a setting. */
export type SettingKey = Leaves<AllSettings>;

/** Of the form and the help, in their order. */
export const SECTIONS = [
  'basics',
  ...METHODS_WITH_OPTIONS.map(({ name }) => name),
  'optimizer',
  'schedule',
  'augmentation',
  'regularization',
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
function heldIn(tree: object, key: string): unknown {
  const [outer, inner] = key.split('.') as [string, string?];
  const held = Object.hasOwn(tree, outer) ? (tree as Tree)[outer] : undefined;
  if (inner === undefined) return held;
  return typeof held === 'object' && held !== null && Object.hasOwn(held, inner)
    ? (held as Tree)[inner]
    : undefined;
}

/** The value of a setting by its dotted name. */
export function settingValue(settings: AllSettings, key: SettingKey): FieldValue {
  return heldIn({ ...settings }, key) as FieldValue;
}

/** Whether the setting has any effect beside the others. */
export function matters(key: SettingKey, settings: AllSettings): boolean {
  const { method, matters: test } = SETTINGS[key];
  if (method !== null && method !== settings.method) return false;
  const valueOf = (name: string): FieldValue => {
    if (!isSettingKey(name)) throw new TypeError(`There is no setting ${name}.`);
    return settingValue(settings, name);
  };
  return test?.(valueOf) ?? true;
}

/** The settings of a section that have an effect beside the others. */
export function settingsOf(section: Section, settings: AllSettings): SettingKey[] {
  return SETTING_KEYS.filter((key) => SETTINGS[key].section === section && matters(key, settings));
}

/** All settings, each with the value that `choose` has for it. */
export function settingsFrom(choose: (setting: Setting) => unknown): AllSettings {
  const settings: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const [outer, inner] = key.split('.') as [string, string?];
    const value = choose(SETTINGS[key]);
    if (inner === undefined) settings[outer] = value;
    else settings[outer] = { ...(settings[outer] as Tree), [inner]: value };
  }
  // Every setting and none else, as the type has it; what `choose` gives is of the setting's type.
  return settings as unknown as AllSettings;
}

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;
/** Any of the settings. */
export type SomeSettings = DeepPartial<AllSettings>;

/** What defaults depend on. */
export interface DefaultContext {
  readonly method: Method;
  /** Whether the names of the classes allow flips; see `flipObjection`. */
  readonly mayFlip: boolean;
  /** Null where no backbone is chosen. */
  readonly backbone: BackboneTraits | null;
}

/** The default of a setting for a new run. */
export function defaultOf({ key, default: usual }: Setting, context: DefaultContext): FieldValue {
  const { method, backbone } = context;
  if (key === 'augmentation.flip' && !context.mayFlip) return false;
  const ofBackbone = BACKBONE_DEFAULTS.filter(({ fits }) => backbone !== null && fits(backbone))
    .map((kind) => defaultOn(kind, method, key))
    .find((value) => value !== undefined);
  return ofBackbone ?? (heldIn(METHOD_DEFAULTS[method], key) as FieldValue | undefined) ?? usual;
}

/** The default that a kind of backbones brings with it; undefined where it brings none. */
export function defaultOn(
  { learningRate, options }: BackboneDefaults,
  method: Method,
  key: SettingKey,
): FieldValue | undefined {
  if (key === 'optimizer.learningRate') return learningRate?.[method];
  return heldIn(options ?? {}, key) as FieldValue | undefined;
}

/** The settings that are given, and the defaults of all others. */
export function settingsWith(given: SomeSettings, context: DefaultContext): AllSettings {
  const held = { ...given, method: context.method };
  return settingsFrom((setting) => heldIn(held, setting.key) ?? defaultOf(setting, context));
}

/** The settings that are given, and the field's default of every other, whatever the method. */
export function settingsOrStandard(given: object): AllSettings {
  return settingsFrom((setting) => heldIn(given, setting.key) ?? setting.default);
}

/** Settings of every method, each of the right kind. */
export const looseSettingsSchema = v.object({
  ...Object.fromEntries(
    Object.entries<Field>(common.fields).map(([name, field]) => [name, field.looseSchema]),
  ),
  ...Object.fromEntries(
    METHODS_WITH_OPTIONS.map(({ name, options }) => [name, options.looseSchema]),
  ),
  schedule: schedule.looseSchema,
  optimizer: optimizer.looseSchema,
  augmentation: augmentation.looseSchema,
}) as unknown as v.GenericSchema<unknown, AllSettings>;
