/**
 * A text as one field of comma-separated values. Spreadsheets run what begins like a formula: such a text gets an
 * apostrophe in front.
 */
export function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
