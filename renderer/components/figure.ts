/** A key figure with its name. */
export interface Figure {
  readonly key: string;
  readonly name: string;
  /** Explanation, where needed. */
  readonly explanation?: string;
  readonly value: string;
  /** Additional text below. */
  readonly note?: string;
}
