import { KarstError } from '../../../shared/domain/errors.ts';
import type { Row } from './library.ts';

/**
 * Typed access to columns; a value of another type means that something else has changed the file.
 */

function wrong(row: Row, column: string): never {
  throw new KarstError(
    'store-damaged',
    `The library holds an unexpected value in the column ${column}: ${String(row[column])}.`,
    { hint: 'Restore the newest backup, or report this.' },
  );
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : wrong(row, column);
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function number(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : wrong(row, column);
}

export function numberOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : number(row, column);
}

/** A column with one of a closed list of words. */
export function oneOf<const T extends string>(row: Row, column: string, words: readonly T[]): T {
  const value = text(row, column);
  return words.find((word) => word === value) ?? wrong(row, column);
}

/** A column of JSON written by this program. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names what it wrote
export function json<T>(row: Row, column: string): T {
  try {
    return JSON.parse(text(row, column)) as T;
  } catch (error) {
    if (error instanceof KarstError) throw error;
    return wrong(row, column);
  }
}

export const now = (): string => new Date().toISOString();
