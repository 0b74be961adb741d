import { formatCount, formatSignificant } from './format.ts';
import { hasMessage, t, type MessageKey } from '../i18n.ts';
import { METHOD_FIELDS, SETTINGS, type SettingKey, type SettingValue } from './setting-list.ts';

const UNITS: Partial<Record<SettingKey, MessageKey>> = {
  'augmentation.padCrop': 'training.unit.pixels',
  'augmentation.rotation': 'training.unit.degrees',
  'schedule.warmupEpochs': 'training.unit.epochs',
  earlyStopping: 'training.unit.epochs',
  validateEvery: 'training.unit.epochs',
  imageSize: 'training.unit.pixels',
  checkpointEverySeconds: 'training.unit.seconds',
};

/** Settings whose zero means that something does not happen. */
const OFF_AT_ZERO: ReadonlySet<SettingKey> = new Set([
  'optimizer.clipNorm',
  'augmentation.padCrop',
  'augmentation.rotation',
  'augmentation.colorJitter',
  'augmentation.randAugmentOps',
  'augmentation.mixup',
  'labelSmoothing',
  'dropPath',
  'patchDrop',
  'classWeightPower',
  'earlyStopping',
  'schedule.warmupEpochs',
]);

export function settingName(key: SettingKey): string {
  return t(`training.setting.${key}.name`);
}

/** What it does and what is usual, in one line. */
export function settingText(key: SettingKey): string {
  return t(`training.setting.${key}.text`);
}

/** What its number counts: `epoch` of one, `epochs` of more; nothing for most. */
export function settingUnit(key: SettingKey, value: number): string {
  const unit = UNITS[key];
  return unit === undefined ? '' : t(unit, { count: value });
}

/** Whether this value means that it does not happen. */
export function isOff(key: SettingKey, value: SettingValue): boolean {
  const field = METHOD_FIELDS.get(key);
  if (field !== undefined) return field.off !== undefined && field.off === value;
  if (key === 'augmentation.cropScaleMin') return value === 1;
  if (key === 'augmentation.flip') return value === false;
  return value === 0 && OFF_AT_ZERO.has(key);
}

/** The word for one of a setting's choices. */
export function choiceName(key: SettingKey, choice: string): string {
  const word = choice.replace('.', '-');
  // What several methods have is named once.
  const own = `training.choice.${key}.${word}`;
  const shared = `training.choice.${key.slice(key.indexOf('.') + 1)}.${word}`;
  return hasMessage(own) ? t(own) : hasMessage(shared) ? t(shared) : choice;
}

/** A value as people read it. */
export function valueText(key: SettingKey, value: SettingValue): string {
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
