import { GraphError } from './graph-error.ts';

/**
 * A dimension of a tensor: a fixed number, or a multiple of the batch size B, which is known only
 * at call time. Exported programs leave B open; training programs use fixed numbers.
 */
export type Dim = number | OpenDim;

interface OpenDim {
  /** Positive integer. */
  readonly batches: number;
}

/** The batch size B itself: the first dimension of an input with an open batch. */
export const BATCH: Dim = { batches: 1 };

export function isOpen(dim: Dim): dim is OpenDim {
  return typeof dim !== 'number';
}

export function sameDim(a: Dim, b: Dim): boolean {
  return isOpen(a) && isOpen(b) ? a.batches === b.batches : a === b;
}

/** @throws GraphError for a product that would contain B² */
export function times(a: Dim, b: Dim): Dim {
  if (isOpen(a) && isOpen(b)) throw new GraphError(`a side of ${dimText(a)} · ${dimText(b)}`);
  if (isOpen(a)) return times(b, a);
  if (isOpen(b)) return a === 0 ? 0 : { batches: a * b.batches };
  return a * b;
}

/** @throws GraphError for a sum of a number and a multiple of B, which `Dim` cannot represent */
export function plus(a: Dim, b: Dim): Dim {
  if (a === 0) return b;
  if (b === 0) return a;
  if (isOpen(a) && isOpen(b)) return { batches: a.batches + b.batches };
  if (isOpen(a) || isOpen(b)) throw new GraphError(`a side of ${dimText(a)} + ${dimText(b)}`);
  return a + b;
}

/** Returns a fixed dimension as a number. @throws GraphError for an open dimension */
export function staticDim(dim: Dim): number {
  if (isOpen(dim)) throw new GraphError(`a side of ${dimText(dim)} where a number is needed`);
  return dim;
}

export function dimText(dim: Dim): string {
  if (!isOpen(dim)) return String(dim);
  return dim.batches === 1 ? 'B' : `${String(dim.batches)}B`;
}
