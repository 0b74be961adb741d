import { formatCount, formatSignificant } from './format.ts';
import { hasMessage, t } from '../i18n.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { SETTINGS, type SettingKey } from '../../shared/training/settings.ts';

export function settingName(key: SettingKey): string {
  return t(`training.setting.${key}.name`);
}

/** Its effect and usual values, in one line. */
export function settingText(key: SettingKey): string {
  return t(`training.setting.${key}.text`);
}

/** Unit of its number, in singular or plural; empty for most. */
export function settingUnit(key: SettingKey, value: number): string {
  const { unit } = SETTINGS[key];
  return unit === undefined ? '' : t(`training.unit.${unit}`, { count: value });
}

/** Whether this value means "off". */
export function isOff(key: SettingKey, value: FieldValue): boolean {
  return value === SETTINGS[key].off;
}

/** The label of one of a setting's choices. */
export function choiceName(key: SettingKey, choice: string): string {
  const word = choice.replace('.', '-');
  // Options shared by several methods have one label.
  const own = `training.choice.${key}.${word}`;
  const shared = `training.choice.${key.slice(key.indexOf('.') + 1)}.${word}`;
  return hasMessage(own) ? t(own) : hasMessage(shared) ? t(shared) : choice;
}

/** A value as text. */
export function valueText(key: SettingKey, value: FieldValue): string {
  if (typeof value === 'boolean') return value ? t('common.on') : t('common.off');
  if (typeof value === 'string') return choiceName(key, value);
  if (typeof value === 'number') return numberText(key, value);
  const { limits } = SETTINGS[key];
  if (limits.kind === 'several' && value.length === limits.choices.length) {
    return t('train.allLayers');
  }
  return value.map((choice) => choiceName(key, choice)).join(', ');
}

function numberText(key: SettingKey, value: number): string {
  if (isOff(key, value)) return t('common.off');
  if (key === 'imageSize' && value === 0) return t('train.ownSize');
  if (key === 'seed') return String(value);
  const number = Number.isInteger(value) ? formatCount(value) : formatSignificant(value, 6);
  const unit = settingUnit(key, value);
  return unit === '' ? number : `${number} ${unit}`;
}
