/** Reports progress to the user. */
export type Say = (line: string) => void;

/** Results of one part of the bench: for `results.json`, and as Markdown. */
export interface Section {
  readonly results: unknown;
  readonly markdown: string;
}

/** A Markdown table with text in the first column and numbers in the others. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
