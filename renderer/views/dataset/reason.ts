import type { DatasetProblem } from '../../../shared/domain/library.ts';
import { locale, t } from '../../i18n.ts';

/** Why a file is not used: the host's exact sentence in English, its kind in other languages. */
export function reasonInWords(kind: DatasetProblem['kind'], reason: string): string {
  return locale.value === 'en' ? reason : t(`data.problems.reasons.${kind}`);
}
