import type { Prediction } from '../../shared/domain/metrics.ts';
import { formatPercent } from './format.ts';
import { t } from '../i18n.ts';

/** An image with its actual class, by the name it had then, and what was predicted. */
export interface Verdict {
  readonly media: string;
  readonly truth: string;
  /** null for an unreadable file. */
  readonly predicted: string | null;
  readonly probability: number | null;
  /** The most probable classes, where they were kept. */
  readonly predictions?: readonly Prediction[];
}

/** "actual: dress · predicted: pants, confidence 93.4 %" */
export function verdictOf({ truth, predicted, probability }: Verdict): string {
  return predicted === null
    ? t('evaluate.images.verdictUnreadable', { truth })
    : t('evaluate.images.verdict', { truth, predicted, probability: formatPercent(probability) });
}
