import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { locale, t } from '../i18n.ts';

/**
 * An error in the current language. Its own sentences are exact and in English; other languages
 * show the kind, with the sentences among the details. Hints about the command line are left out in
 * the window.
 */
export function describeError(error: ErrorReport): { what: string; todo: string } {
  const todo = t(`errors.todo.${error.code}`);
  const values = { entry: error.entry ?? '' };
  if (locale.value !== 'en') return { what: t(`errors.what.${error.code}`, values), todo };
  return { what: error.message, todo: error.hint.includes('`karst ') ? todo : error.hint };
}

/** The complete error, for reading or a bug report. */
export function errorAsText(error: ErrorReport): string {
  const lines = [
    `${t('errors.code')}: ${error.code}`,
    `${t('errors.original')}: ${error.message}`,
    error.hint,
    error.path ?? '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}
