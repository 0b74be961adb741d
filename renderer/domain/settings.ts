import { PRESETS, type PresetName } from '../../shared/domain/training.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { methodSpec } from '../../shared/methods/registry.ts';
import {
  defaultOf,
  matters,
  SETTING_KEYS,
  settingsFrom,
  settingsWith,
  settingValue,
  type AllSettings,
  type DefaultContext,
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

/** All settings of a preset: what it does not name is as by default. */
export function presetSettings(name: PresetName, context: DefaultContext): AllSettings {
  return possible(settingsWith(PRESETS[name], context));
}

/**
 * The same settings for another method or other classes: defaults of the former become those of the
 * latter, and what only the former could do is as usual again.
 */
export function withDefaults(
  settings: AllSettings,
  former: DefaultContext,
  latter: DefaultContext,
): AllSettings {
  const switched = settingsFrom((setting) => {
    const value = settingValue(settings, setting.key);
    const isDefault = sameValue(value, defaultOf(setting, former));
    return isDefault ? defaultOf(setting, latter) : value;
  });
  return possible({ ...switched, method: latter.method });
}

/** Without what the method cannot do. */
function possible(settings: AllSettings): AllSettings {
  if (methodSpec(settings.method).scope === 'model') return settings;
  return {
    ...settings,
    initialize: 'backbone',
    optimizer: { ...settings.optimizer, name: 'adamw' },
  };
}

/** `base` with the values that someone chose. */
export function withChosen(
  base: AllSettings,
  settings: AllSettings,
  chosen: ReadonlySet<SettingKey>,
): AllSettings {
  const kept = settingsFrom(({ key }) => settingValue(chosen.has(key) ? settings : base, key));
  return possible({ ...kept, method: base.method });
}
