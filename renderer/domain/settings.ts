import { PRESETS, type PresetName } from '../../shared/domain/training.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { methodSpec, type Method } from '../../shared/methods/registry.ts';
import {
  matters,
  SETTING_KEYS,
  settingsFrom,
  settingsWith,
  settingValue,
  type AllSettings,
  type SettingKey,
} from '../../shared/training/settings.ts';

/** The same settings but for one. */
export function withSetting(
  settings: AllSettings,
  key: SettingKey,
  value: FieldValue,
): AllSettings {
  return settingsFrom((each) => (each.key === key ? value : settingValue(settings, each.key)));
}

function sameValue(one: FieldValue, other: FieldValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other;
  return one.length === other.length && one.every((value) => other.includes(value));
}

/** Names of the settings in which two differ, in the order of the form. */
export function differences(one: AllSettings, other: AllSettings): SettingKey[] {
  return SETTING_KEYS.filter((key) => !sameValue(settingValue(one, key), settingValue(other, key)));
}

/** Those in which any of several differ and which matter to at least one of them. */
export function differencesAmong(runs: readonly AllSettings[]): SettingKey[] {
  const [first, ...others] = runs;
  if (first === undefined) return [];
  const differing = new Set(others.flatMap((other) => differences(first, other)));
  return SETTING_KEYS.filter((key) => differing.has(key) && runs.some((run) => matters(key, run)));
}

/** All settings of a preset: what it does not name is as usual. */
export function presetSettings(name: PresetName): AllSettings {
  return settingsWith(PRESETS[name], { method: 'karst', family: null });
}

/** The same settings for another method: what only the former could do is as usual again. */
export function withMethod(settings: AllSettings, method: Method): AllSettings {
  const changed = { ...settings, method };
  if (methodSpec(method).scope === 'model') return changed;
  return {
    ...changed,
    initialise: 'backbone',
    optimizer: { ...changed.optimizer, name: 'adamw' },
  };
}
