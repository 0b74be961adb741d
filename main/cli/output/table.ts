import { printable, withoutColours } from './printable.ts';

export interface Column {
  readonly title: string;
  /** Numbers are set right, everything else left. */
  readonly align?: 'left' | 'right';
}

/**
 * Lines of an aligned table: titles, then one line a row, columns two spaces apart, no trailing blanks.
 * Cells may carry our colour codes, and other controls in them are written out; `paintTitle` colours the title cells after they were measured.
 */
export function table(
  columns: readonly Column[],
  unsafeRows: readonly (readonly string[])[],
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const rows = unsafeRows.map((row) => row.map(printable));
  const widths = columns.map((column, i) =>
    // Not spread: a table may have a hundred thousand rows.
    rows.reduce(
      (widest, row) => Math.max(widest, displayWidth(row[i] ?? '')),
      displayWidth(column.title),
    ),
  );
  const line = (cells: readonly string[], paint: (text: string) => string) =>
    cells
      .map((cell, i) => pad(paint(cell), (widths[i] ?? 0) - displayWidth(cell), columns[i]?.align))
      .join('  ')
      .trimEnd();
  return [
    line(
      columns.map((column) => column.title),
      paintTitle,
    ),
    ...rows.map((row) => line(row, (text) => text)),
  ];
}

/** Lines of "name  value" pairs, values aligned below each other. */
export function facts(
  pairs: readonly (readonly [string, string])[],
  paintName: (text: string) => string = (text) => text,
): string[] {
  const shown = pairs.map(([name, value]) => [printable(name), value] as const);
  const width = Math.max(0, ...shown.map(([name]) => displayWidth(name)));
  return shown.map(([name, value]) =>
    `${pad(paintName(name), width - displayWidth(name), 'left')}  ${value}`.trimEnd(),
  );
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u;

/** Terminal cells that printable text takes, without its colour codes; combining marks take none, East Asian wide ones two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of withoutColours(text)) {
    if (/\p{Mark}|\u200d/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

function pad(text: string, missing: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, missing));
  return align === 'right' ? blanks + text : text + blanks;
}
