import { GraphError } from './graph-error.ts';

/**
 * A side of a tensor: a number, or so many times the batch size B, which only a call says. Programs that are exported
 * leave B open; those that train have numbers.
 */
export type Dim = number | OpenDim;

interface OpenDim {
  /** Whole, from 1. */
  readonly batches: number;
}

/** B itself: the first side of an input whose batch is open. */
export const BATCH: Dim = { batches: 1 };

export function isOpen(dim: Dim): dim is OpenDim {
  return typeof dim !== 'number';
}

export function sameDim(a: Dim, b: Dim): boolean {
  return isOpen(a) && isOpen(b) ? a.batches === b.batches : a === b;
}

/** @throws GraphError for a product with B², which no side is */
export function times(a: Dim, b: Dim): Dim {
  if (isOpen(a) && isOpen(b)) throw new GraphError(`a side of ${dimText(a)} · ${dimText(b)}`);
  if (isOpen(a)) return times(b, a);
  if (isOpen(b)) return a === 0 ? 0 : { batches: a * b.batches };
  return a * b;
}

/** @throws GraphError for a sum of a number and a part with B, which no side is */
export function plus(a: Dim, b: Dim): Dim {
  if (a === 0) return b;
  if (b === 0) return a;
  if (isOpen(a) && isOpen(b)) return { batches: a.batches + b.batches };
  if (isOpen(a) || isOpen(b)) throw new GraphError(`a side of ${dimText(a)} + ${dimText(b)}`);
  return a + b;
}

/** The number that a side is. @throws GraphError for one with B */
export function staticDim(dim: Dim): number {
  if (isOpen(dim)) throw new GraphError(`a side of ${dimText(dim)} where a number is needed`);
  return dim;
}

export function dimText(dim: Dim): string {
  if (!isOpen(dim)) return String(dim);
  return dim.batches === 1 ? 'B' : `${String(dim.batches)}B`;
}
