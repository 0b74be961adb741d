/**
 * A text as a CSV field. Spreadsheets execute text that begins like a formula: such text gets a
 * leading apostrophe.
 */
export function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
