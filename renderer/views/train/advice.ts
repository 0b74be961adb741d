import type { RunPlan } from '../../../shared/contract/window/runs.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { isWithin } from '../../../shared/fields/field.ts';
import { methodSpec } from '../../../shared/methods/registry.ts';
import type { TrainingConfig } from '../../../shared/domain/training.ts';
import { SETTINGS, type SettingKey, settingValue } from '../../../shared/training/settings.ts';
import { describeError } from '../../domain/errors.ts';
import { formatCount } from '../../domain/format.ts';
import { limitsText } from '../../domain/number-text.ts';
import { t } from '../../i18n.ts';

/** Above this, AdamW tears a pre-trained backbone apart when all of it is trained. */
const FULL_RATE = 3e-4;

/** What is wrong with the value of a setting, beside its field; the host's own sentence where no other fits. */
export function problemText(
  key: SettingKey,
  error: ErrorReport,
  config: TrainingConfig,
  patchSize: number | null,
): string {
  const { schedule, imageSize } = config;
  const { limits } = SETTINGS[key];
  const value = settingValue(config, key);
  if (limits.kind === 'number' && typeof value === 'number' && !isWithin(limits, value)) {
    return limitsText(limits);
  }
  if (key === 'schedule.warmupEpochs' && schedule.warmupEpochs > schedule.epochs) {
    return t('train.problem.warmup', { epochs: formatCount(schedule.epochs) });
  }
  if (key === 'imageSize' && patchSize !== null && imageSize % patchSize !== 0) {
    const near = Math.max(1, Math.round(imageSize / patchSize)) * patchSize;
    return t('train.problem.imageSize', { patch: patchSize, near });
  }
  return describeError(error).what;
}

/** What is allowed and hardly meant, in the words of the window where it has some. */
export function adviceOn(config: TrainingConfig, warnings: RunPlan['problems']): string[] {
  const told = warnings.map(({ setting, error }) => {
    if (setting === 'dataset') return t('train.advice.noValidation');
    if (setting === 'earlyStopping') return t('train.advice.earlyStopping');
    if (setting === 'batchSize') return t('train.advice.largeBatch');
    return describeError(error).what;
  });
  const { method, initialise, optimizer } = config;
  const whole = methodSpec(method).scope === 'model';
  const fineTunes = whole && initialise === 'backbone' && optimizer.name === 'adamw';
  return fineTunes && optimizer.learningRate > FULL_RATE
    ? [...told, t('train.advice.fullRate')]
    : told;
}
