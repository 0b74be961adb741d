/** Encodings offered for a list or a table, by WHATWG label. */
export const CODE_PAGES = [
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-kr',
  'utf-16le',
] as const;
export type CodePage = (typeof CODE_PAGES)[number];

/** The most likely encoding for a language. */
export function codePageOf(language: string): CodePage {
  if (/^zh-(TW|HK|MO|Hant)/i.test(language)) return 'big5';
  const primary = language.slice(0, 2).toLowerCase();
  if (primary === 'zh') return 'gb18030';
  if (primary === 'ja') return 'shift_jis';
  if (primary === 'ko') return 'euc-kr';
  if (['ru', 'uk', 'bg', 'sr'].includes(primary)) return 'windows-1251';
  return ['pl', 'cs', 'sk', 'hu', 'hr', 'sl', 'ro'].includes(primary)
    ? 'windows-1250'
    : 'windows-1252';
}
