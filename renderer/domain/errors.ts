import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { locale, t } from '../i18n.ts';

/**
 * An error in the language shown now. Its own sentences are in English and exact; other languages tell the kind,
 * and keep the sentences among the details. A way out on the command line is none for who sits before a window.
 */
export function describeError(error: ErrorReport): { what: string; todo: string } {
  const todo = t(`errors.todo.${error.code}`);
  if (locale.value !== 'en') return { what: t(`errors.what.${error.code}`), todo };
  return { what: error.message, todo: error.hint.includes('`karst ') ? todo : error.hint };
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
