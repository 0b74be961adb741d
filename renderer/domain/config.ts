import {
  PRESETS,
  TRAINING_DEFAULTS,
  type PresetName,
  type TrainingConfig,
} from '../../shared/domain/training.ts';
import { methodSpec } from '../../shared/methods/registry.ts';
import { matters, SETTING_KEYS, type SettingKey, type SettingValue } from './setting-list.ts';

type Group = Readonly<Record<string, SettingValue>>;
type Nested = Readonly<Record<string, SettingValue | Group>>;

/** The value of a setting by its dotted name. */
export function settingValue(config: TrainingConfig, key: SettingKey): SettingValue {
  const [outer, inner] = key.split('.') as [string, string?];
  const value = (config as unknown as Nested)[outer]!;
  return inner === undefined
    ? (value as SettingValue)
    : (value as Readonly<Record<string, SettingValue>>)[inner]!;
}

/** The same settings but for one. */
export function withSetting(
  config: TrainingConfig,
  key: SettingKey,
  value: SettingValue,
): TrainingConfig {
  const [outer, inner] = key.split('.') as [string, string?];
  if (inner === undefined) return { ...config, [outer]: value };
  const group = (config as unknown as Nested)[outer] as Readonly<Record<string, SettingValue>>;
  return { ...config, [outer]: { ...group, [inner]: value } };
}

function sameValue(one: SettingValue, other: SettingValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other;
  return one.length === other.length && one.every((value) => other.includes(value));
}

/** Names of the settings in which two differ, in the order of the form. */
export function differences(one: TrainingConfig, other: TrainingConfig): SettingKey[] {
  return SETTING_KEYS.filter((key) => !sameValue(settingValue(one, key), settingValue(other, key)));
}

/** Those in which any of several differ and which matter to at least one of them. */
export function differencesAmong(configs: readonly TrainingConfig[]): SettingKey[] {
  const [first, ...others] = configs;
  if (first === undefined) return [];
  const differing = new Set(others.flatMap((other) => differences(first, other)));
  return SETTING_KEYS.filter(
    (key) => differing.has(key) && configs.some((config) => matters(key, config)),
  );
}

/** All settings of a preset: what it does not name is as usual. */
export function presetConfig(name: PresetName): TrainingConfig {
  return merged(TRAINING_DEFAULTS as unknown as Nested, PRESETS[name]);
}

function isGroup(value: SettingValue | Group | undefined): value is Group {
  return typeof value === 'object' && !Array.isArray(value);
}

function merged(base: Nested, over: Nested): TrainingConfig {
  const entries = Object.entries(base).map(([name, value]) => {
    const change = over[name];
    const whole = isGroup(value) && isGroup(change) ? { ...value, ...change } : (change ?? value);
    return [name, whole] as const;
  });
  return Object.fromEntries(entries) as unknown as TrainingConfig;
}

/** The same settings for another method: what only the former could do is as usual again. */
export function withMethod(
  config: TrainingConfig,
  method: TrainingConfig['method'],
): TrainingConfig {
  const changed = { ...config, method };
  if (methodSpec(method).scope === 'model') return changed;
  return {
    ...changed,
    initialise: 'backbone',
    optimizer: { ...changed.optimizer, name: 'adamw' },
  };
}
