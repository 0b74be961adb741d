import type { ErrorReport } from '../../shared/domain/errors.ts';
import { locale, t } from '../i18n.ts';

/**
 * An error in the language shown now. Its own sentences are in English and exact; other languages tell the kind,
 * and keep the sentences among the details.
 */
export function describeError(error: ErrorReport): { what: string; todo: string } {
  if (locale.value === 'en') return { what: error.message, todo: error.hint };
  return { what: t(`errors.what.${error.code}`), todo: t(`errors.todo.${error.code}`) };
}

/** The whole of it, to read closely or to paste into a report. */
export function errorAsText(error: ErrorReport): string {
  const lines = [
    `${t('errors.code')}: ${error.code}`,
    `${t('errors.original')}: ${error.message}`,
    error.hint,
    error.path ?? '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}
