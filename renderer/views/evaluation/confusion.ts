import { quoted } from '../../domain/csv.ts';

/** A cell of the matrix, by class indices. */
export interface Cell {
  readonly truth: number;
  readonly predicted: number;
}

/** Fraction of a class's images with that prediction, 0..1; 0 for a class without images. */
export function shareOfRow(
  confusion: readonly (readonly number[])[],
  truth: number,
  predicted: number,
): number {
  const row = confusion[truth] ?? [];
  const images = row.reduce((sum, count) => sum + count, 0);
  return images === 0 ? 0 : (row[predicted] ?? 0) / images;
}

/** Tints of the smallest share and of the whole row; text keeps its contrast on the latter. */
const WEAKEST = 0.1;
export const STRONGEST = 0.54;

/** Opacity of a cell's tint, 0..1: even a small share can be told from none. */
export function tintOf(share: number): number {
  return share === 0 ? 0 : WEAKEST + (STRONGEST - WEAKEST) * share;
}

/** The matrix as CSV with the classes as first row and column. */
export function confusionAsCsv(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
): string {
  const head = ['', ...labels].map(quoted).join(',');
  const rows = confusion.map((row, truth) => [quoted(labels[truth] ?? ''), ...row].join(','));
  return `${[head, ...rows].join('\r\n')}\r\n`;
}
