import { PRESETS, type PresetName, type TrainingConfig } from '../../shared/domain/training.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { methodSpec } from '../../shared/methods/registry.ts';
import {
  configOf,
  configWith,
  matters,
  SETTING_KEYS,
  settingValue,
  type SettingKey,
} from '../../shared/training/settings.ts';

/** The same settings but for one. */
export function withSetting(
  config: TrainingConfig,
  key: SettingKey,
  value: FieldValue,
): TrainingConfig {
  return configOf((each) => (each.key === key ? value : settingValue(config, each.key)));
}

function sameValue(one: FieldValue, other: FieldValue): boolean {
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
  return configWith(PRESETS[name], { method: 'karst', family: null });
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
