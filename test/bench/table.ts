/** Tells whoever waits how far the bench is. */
export type Say = (line: string) => void;

/** What one part of the bench found: for `results.json`, and as Markdown for people. */
export interface Section {
  readonly results: unknown;
  readonly markdown: string;
}

/** A Markdown table; the first column is of words, the others are of figures. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
