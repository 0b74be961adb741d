import type { Advice, Figure } from '../../shared/training/run-advice.ts';
import { t } from '../i18n.ts';
import { formatCount, formatPercent, formatSignificant } from './format.ts';

/** The finding and what to try. */
export function adviceSentences({ kind, remedy, figures }: Advice): string {
  const words = Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [name, written(figure)]),
  );
  const finding = t(`runs.run.advice.finding.${kind}`, words);
  return t('runs.run.advice.both', {
    finding,
    remedy: t(`runs.run.advice.remedy.${remedy}`, words),
  });
}

function written({ value, as }: Figure): string {
  if (as === 'percent') return formatPercent(value, 0);
  return as === 'count' ? formatCount(value) : formatSignificant(value, 3);
}
