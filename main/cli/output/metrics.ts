import type { Metric } from '../../../shared/tasks/task.ts';
import { formatNumber, formatPercent } from './format.ts';

export const FRACTION_DIGITS = 3;

/** A task's metric as the command line writes it; empty where it was not measured. */
export function formatMetric({ form }: Metric, value: number | null): string {
  if (value === null) return '';
  switch (form) {
    case 'percent':
      return formatPercent(value);
    case 'fraction':
      return value.toFixed(FRACTION_DIGITS);
    case 'loss':
      return formatNumber(value);
  }
}
