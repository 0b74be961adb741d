import type { RunPlan } from '../../../shared/contract/window/runs.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { isWithin } from '../../../shared/fields/field.ts';
import { familyOf, fits, nearestSide, type Architecture } from '../../../shared/models/registry.ts';
import { methodSpec } from '../../../shared/methods/registry.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import {
  type AllSettings,
  SETTINGS,
  type SettingKey,
  settingValue,
} from '../../../shared/training/settings.ts';
import { describeError } from '../../domain/errors.ts';
import { formatSignificant } from '../../domain/format.ts';
import { limitsText } from '../../domain/number-text.ts';
import { t } from '../../i18n.ts';

/** The error beside a setting's field; the host's own sentence by default. */
export function problemText(
  key: SettingKey,
  error: ErrorReport,
  settings: AllSettings,
  architecture: Architecture | null,
): string {
  const { schedule, imageSize } = settings;
  const { limits } = SETTINGS[key];
  const value = settingValue(settings, key);
  if (limits.kind === 'number' && typeof value === 'number' && !isWithin(limits, value)) {
    return limitsText(limits);
  }
  if (key === 'schedule.warmupEpochs' && schedule.warmupEpochs > schedule.epochs) {
    return t('train.problem.warmup', {
      epochs: t('units.epochs', { count: schedule.epochs }),
    });
  }
  if (architecture === null) return describeError(error).what;
  const { sizeStep, leastSize, takesAnyPatches } = familyOf(architecture);
  if (key === 'imageSize' && imageSize !== 0 && !fits(architecture, imageSize)) {
    const [patch, least] = [sizeStep(architecture), leastSize(architecture)];
    const near = nearestSide(architecture, imageSize);
    return least > patch
      ? t('train.problem.imageSizeFrom', { step: patch, least, near })
      : t('train.problem.imageSize', { patch, near });
  }
  if (key === 'patchDrop' && !takesAnyPatches) return t('train.problem.patchDrop');
  return describeError(error).what;
}

/**
 * Warnings about valid but unlikely settings, localised where possible.
 * @param usualRate default of the method on this backbone: far above it, full fine-tuning with AdamW
 * destroys pre-trained features
 */
export function adviceOn(
  config: TrainingConfig,
  warnings: RunPlan['problems'],
  usualRate: number,
): string[] {
  const told = warnings.map(({ setting, error }) => {
    if (setting === 'dataset') return t('train.advice.noValidation');
    if (setting === 'earlyStopping') return t('train.advice.earlyStopping');
    if (setting === 'batchSize') return t('train.advice.largeBatch');
    return describeError(error).what;
  });
  const { tuning, initialize, optimizer } = config;
  const whole = methodSpec(tuning.method).scope === 'model';
  const fineTunes = whole && initialize === 'backbone' && optimizer.name === 'adamw';
  return fineTunes && optimizer.learningRate > usualRate
    ? [...told, t('train.advice.fullRate', { rate: formatSignificant(usualRate, 3) })]
    : told;
}
