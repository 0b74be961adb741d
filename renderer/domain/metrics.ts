import type { Metric } from '../../shared/tasks/task.ts';
import { hasMessage, t } from '../i18n.ts';
import { formatFixed, formatLoss, formatPercent, NO_VALUE } from './format.ts';

/** A task declares its metrics; the window has words of its own for some, and takes the declared title of the others. */

const FRACTION_DIGITS = 3;

export function metricName({ key, title }: Metric): string {
  const own = `evaluate.figures.${key}`;
  return hasMessage(own) ? t(own) : title;
}

/** What is said below the value; empty where there is nothing. */
export function metricNote({ key }: Metric): string {
  const own = `evaluate.figures.${key}Note`;
  return hasMessage(own) ? t(own) : '';
}

export function metricText({ form }: Metric, value: number | null): string {
  if (value === null) return NO_VALUE;
  switch (form) {
    case 'percent':
      return formatPercent(value);
    case 'fraction':
      return formatFixed(value, FRACTION_DIGITS);
    case 'loss':
      return formatLoss(value);
  }
}

/** Name of the metric's best value, or of its newest. */
export function runMetricName(which: 'best' | 'now', metric: Metric): string {
  const own = `runs.run.figures.${which}.${metric.key}`;
  return hasMessage(own)
    ? t(own)
    : t(`runs.run.figures.${which}.other`, { metric: metricName(metric) });
}

/** What the metric means, for the run's figures; empty where the window has no words for it. */
export function runMetricExplanation({ key }: Metric): string {
  return key === 'top1' ? t('terms.validationAccuracy.text') : '';
}
