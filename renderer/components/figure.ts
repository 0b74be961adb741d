/** One number that matters, with its name. */
export interface Figure {
  readonly key: string;
  readonly name: string;
  /** What it means, where that is not plain. */
  readonly explanation?: string;
  readonly value: string;
  /** What belongs to it, below. */
  readonly note?: string;
}
