import { PRESETS, type PresetName } from '../../shared/domain/training.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { defaultOf } from '../../shared/fields/group.ts';
import { DEFAULT_METHOD, methodSpec, type Method } from '../../shared/methods/registry.ts';
import {
  matters,
  SETTING_KEYS,
  settingsFrom,
  settingsWith,
  settingValue,
  type AllSettings,
  type Setting,
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

/** All settings of a preset for a method: what it does not name is the method's default. */
export function presetSettings(
  name: PresetName,
  method: Method = PRESETS[name].method ?? DEFAULT_METHOD,
): AllSettings {
  return possible(settingsWith(PRESETS[name], { method, family: null }));
}

/**
 * The same settings for another method, for which defaults become its own defaults, and what only the former could do is as
 * usual again.
 */
export function withMethod(settings: AllSettings, method: Method): AllSettings {
  const defaultFor = (setting: Setting, of: Method) =>
    defaultOf(setting, { method: of, family: null });
  const switched = settingsFrom((setting) => {
    const value = settingValue(settings, setting.key);
    const isDefault = sameValue(value, defaultFor(setting, settings.method));
    return isDefault ? defaultFor(setting, method) : value;
  });
  return possible({ ...switched, method });
}

/** Without what the method cannot do. */
function possible(settings: AllSettings): AllSettings {
  if (methodSpec(settings.method).scope === 'model') return settings;
  return {
    ...settings,
    initialise: 'backbone',
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
