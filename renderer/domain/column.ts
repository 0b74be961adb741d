/** A column of numbers that grows at its end or is truncated; read without copying. */
export class Column {
  #values = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The last value; undefined for an empty column. */
  get last(): number | undefined {
    return this.#length === 0 ? undefined : this.#values[this.#length - 1];
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const wider = new Float64Array(this.#values.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#length++] = value;
  }

  /** Keeps the first `length` values. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /**
   * A view of the current values, not a copy: later values are not in it, but truncated and
   * rewritten ones change in it.
   */
  view(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** Index of the first value ≥ `value` in non-decreasing numbers; their count if there is none. */
export function lowerBound(sorted: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the value nearest to `value` in non-decreasing numbers; -1 if there are none. */
export function nearest(sorted: ArrayLike<number>, value: number): number {
  const right = lowerBound(sorted, value);
  if (right === 0) return sorted.length === 0 ? -1 : 0;
  if (right === sorted.length) return right - 1;
  return value - sorted[right - 1]! <= sorted[right]! - value ? right - 1 : right;
}
