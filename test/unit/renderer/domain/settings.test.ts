import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { validateTrainingConfig } from '../../../../main/host/services/training-config.ts';
import { i18n, type Locale } from '../../../../renderer/i18n.ts';
import {
  differences,
  differencesAmong,
  presetSettings,
  withDefaults,
  withSetting,
} from '../../../../renderer/domain/settings.ts';
import {
  choiceName,
  settingName,
  settingText,
  settingUnit,
  valueText,
} from '../../../../renderer/domain/words.ts';
import { TRAINING_DEFAULTS } from '../../../../shared/domain/training.ts';
import type { FieldValue } from '../../../../shared/fields/field.ts';
import {
  isSettingKey,
  SECTIONS,
  SETTING_KEYS,
  SETTINGS,
  settingsOf,
  settingValue,
  type AllSettings,
  type SettingKey,
} from '../../../../shared/training/settings.ts';
import { allSettings, configFrom } from '../../../../shared/training/config.ts';
import { METHOD_DEFAULTS } from '../../../../shared/training/method-defaults.ts';

function leaves(object: object, prefix = ''): string[] {
  return Object.entries(object).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value, `${prefix}${name}.`)
      : [prefix + name],
  );
}

const KARST = { method: 'karst', mayFlip: true, backbone: null } as const;
const FULL = { method: 'full', mayFlip: true, backbone: null } as const;
const STANDARD = allSettings(TRAINING_DEFAULTS);

/** A vision transformer of patch size 1, which accepts any image size. */
const ARCHITECTURE = {
  family: 'vit',
  imageSize: 8,
  patchSize: 1,
  width: 16,
  depth: 1,
  heads: 2,
  mlpDim: 32,
  qkvBias: true,
  classes: 0,
  layerNormEpsilon: 1e-6,
} as const;

/** Settings under which every value in the range of `key` is valid. */
function roomFor(key: SettingKey): AllSettings {
  // The method full uses the most of the settings common to all methods.
  const room: AllSettings = { ...STANDARD, method: SETTINGS[key].method ?? 'full' };
  return key === 'schedule.warmupEpochs' ? withSetting(room, 'schedule.epochs', 100_000) : room;
}

function accepts(key: SettingKey, value: FieldValue): boolean {
  // A warm-up longer than the run is reported for the warm-up, not for the epochs.
  const base = key === 'schedule.epochs' ? { ...roomFor(key) } : roomFor(key);
  const config = withSetting(
    key === 'schedule.epochs' ? withSetting(base, 'schedule.warmupEpochs', 0) : base,
    key,
    value,
  );
  try {
    validateTrainingConfig(configFrom(config), ARCHITECTURE);
    return true;
  } catch {
    return false;
  }
}

function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale;
}

afterEach(() => setLocale('en'));

describe('the settings of a run', () => {
  it('are those of the contract, all of them', () => {
    expect([...SETTING_KEYS].sort()).toEqual(leaves(STANDARD).sort());
  });

  it.each(['en', 'zh-CN'] as const)('have a name and one line of explanation in %s', (locale) => {
    setLocale(locale);
    for (const key of SETTING_KEYS) {
      expect(settingName(key), key).not.toContain('training.');
      expect(settingName(key).length, key).toBeGreaterThan(0);
      expect(settingText(key), key).toMatch(/[.。]$/);
      expect(settingText(key).length, key).toBeLessThan(140);
      expect(settingUnit(key, 2), key).not.toContain('training.');
      const { limits } = SETTINGS[key];
      if (limits.kind !== 'choice' && limits.kind !== 'several') continue;
      for (const choice of limits.choices) {
        expect(choiceName(key, choice), `${key} ${choice}`).not.toBe(choice);
      }
    }
  });

  it('have different names in the two languages but where the word is the same', () => {
    const english = new Map(SETTING_KEYS.map((key) => [key, settingText(key)]));
    setLocale('zh-CN');
    for (const key of SETTING_KEYS) expect(settingText(key), key).not.toBe(english.get(key));
  });

  it.each(SETTING_KEYS)('has the limits of the host: %s', (key) => {
    const { limits } = SETTINGS[key];
    if (limits.kind === 'number') {
      const { min, max, whole, minExcluded = false, maxExcluded = false } = limits;
      const inside = whole ? 1 : 1e-9;
      expect(accepts(key, min), 'min').toBe(!minExcluded);
      expect(accepts(key, max), 'max').toBe(!maxExcluded);
      const special = limits.special?.value;
      if (min - inside !== special) expect(accepts(key, min - inside), 'below min').toBe(false);
      if (special !== undefined) expect(accepts(key, special)).toBe(true);
      if (max !== Number.MAX_SAFE_INTEGER) {
        expect(accepts(key, max + (whole ? 1 : max * 1e-6)), 'above max').toBe(false);
      }
      if (minExcluded) expect(accepts(key, min + inside)).toBe(true);
      if (maxExcluded) expect(accepts(key, max - inside)).toBe(true);
      if (whole) expect(accepts(key, min + 2.5)).toBe(false);
    } else if (limits.kind === 'choice') {
      for (const choice of limits.choices) expect(accepts(key, choice), choice).toBe(true);
      expect(accepts(key, 'other')).toBe(false);
    } else if (limits.kind === 'several') {
      expect(accepts(key, limits.choices)).toBe(true);
      expect(accepts(key, [])).toBe(false);
      expect(accepts(key, [...limits.choices, 'other'])).toBe(false);
    } else {
      expect(accepts(key, true)).toBe(true);
      expect(accepts(key, false)).toBe(true);
    }
  });

  it('are in one section each, and are switched off by a value that they may have', () => {
    const shown = SECTIONS.flatMap((section) =>
      SETTING_KEYS.filter((key) => SETTINGS[key].section === section),
    );
    expect(shown.sort()).toEqual([...SETTING_KEYS].sort());
    for (const key of SETTING_KEYS) {
      const { off, schema, default: usual } = SETTINGS[key];
      expect(v.is(schema, usual), key).toBe(true);
      if (off !== undefined) expect(v.is(schema, off), key).toBe(true);
    }
  });

  it('are shown where they matter', () => {
    const shown = (config: AllSettings) => SECTIONS.flatMap((group) => settingsOf(group, config));
    const karst = shown(STANDARD);
    expect(karst).toContain('karst.rank');
    expect(karst).not.toContain('optimizer.name');
    expect(karst).not.toContain('initialize');
    expect(karst).not.toContain('augmentation.randAugmentMagnitude');
    const linear = shown({ ...STANDARD, method: 'linear' });
    expect(linear.filter((key) => key.startsWith('karst.'))).toEqual([]);
    expect(linear).not.toContain('dropPath');
    const full = shown({ ...STANDARD, method: 'full' });
    expect(full).toContain('optimizer.name');
    expect(full).not.toContain('optimizer.muonLearningRate');
    const muon = withSetting({ ...STANDARD, method: 'full' }, 'optimizer.name', 'muon');
    expect(shown(muon)).toContain('optimizer.muonLearningRate');
    const random = withSetting(STANDARD, 'augmentation.randAugmentOps', 2);
    expect(shown(random)).toContain('augmentation.randAugmentMagnitude');
  });

  it('are read and changed one by one, without touching what was given', () => {
    const changed = withSetting(STANDARD, 'karst.rank', 4);
    expect(settingValue(changed, 'karst.rank')).toBe(4);
    expect(settingValue(STANDARD, 'karst.rank')).toBe(8);
    expect(differences(STANDARD, changed)).toEqual(['karst.rank']);
    const twice = withSetting(changed, 'seed', 7);
    expect(differences(STANDARD, twice)).toEqual(['karst.rank', 'seed']);
    const reordered = withSetting(
      STANDARD,
      'karst.targetModules',
      [...STANDARD.karst.targetModules].reverse(),
    );
    expect(differences(STANDARD, reordered)).toEqual([]);
  });

  it('differ among several runs only where it matters to one of them', () => {
    const linear: AllSettings = { ...STANDARD, method: 'linear' };
    const other = withSetting(withSetting(linear, 'karst.rank', 2), 'batchSize', 8);
    expect(differencesAmong([linear, other])).toEqual(['batchSize']);
    expect(differencesAmong([STANDARD, other])).toEqual(['method', 'batchSize', 'karst.rank']);
    expect(differencesAmong([])).toEqual([]);
  });

  it('come whole from presets', () => {
    expect(presetSettings('standard', KARST)).toMatchObject(METHOD_DEFAULTS.karst);
    const published = presetSettings('paper-code', KARST);
    expect(published.karst.kernels).toBe(8);
    expect(published.karst.targetModules).toEqual(STANDARD.karst.targetModules);
    expect(published.schedule.epochs).toBe(100);
    expect(differences(published, presetSettings('compact', KARST))).toEqual(['karst.kernels']);
    expect(() => validateTrainingConfig(configFrom(published), ARCHITECTURE)).not.toThrow();
  });

  it('lose what only full training can do when the method changes', () => {
    const full = withSetting(
      withSetting({ ...STANDARD, method: 'full' }, 'optimizer.name', 'muon'),
      'initialize',
      'random',
    );
    const karst = withDefaults(full, FULL, KARST);
    expect(karst.optimizer.name).toBe('adamw');
    expect(karst.initialize).toBe('backbone');
    expect(withDefaults(full, FULL, FULL)).toEqual(full);
    expect(() => validateTrainingConfig(configFrom(karst), ARCHITECTURE)).not.toThrow();
  });

  it('are written as people read them', () => {
    expect(valueText('karst.targetModules', ['attn.qkv', 'mlp.fc1'])).toBe(
      'Query, key, value, MLP in',
    );
    expect(valueText('karst.targetModules', STANDARD.karst.targetModules)).toBe('All');
    expect(valueText('optimizer.clipNorm', 0)).toBe('Off');
    expect(valueText('optimizer.learningRate', 1e-5)).toBe('1e-5');
    expect(valueText('optimizer.learningRate', 0.00025)).toBe('0.00025');
    expect(valueText('checkpointEverySeconds', 1200)).toBe('1,200 s');
    expect(valueText('validateEvery', 1)).toBe('1 epoch');
    expect(valueText('validateEvery', 5)).toBe('5 epochs');
    expect(valueText('augmentation.cropScaleMin', 1)).toBe('Off');
    expect(valueText('augmentation.flip', true)).toBe('On');
    expect(valueText('imageSize', 0)).toBe('Backbone’s own');
    expect(valueText('seed', 123456)).toBe('123456');
  });

  it('know their names', () => {
    expect(isSettingKey('karst.rank')).toBe(true);
    expect(isSettingKey('karst')).toBe(false);
    expect(isSettingKey('toString')).toBe(false);
  });
});
