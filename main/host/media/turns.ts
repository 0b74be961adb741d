/**
 * Lets at most so many pieces of work go on at once. The latest asker comes first: what a gallery asked for
 * last is what it shows now.
 */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.pop();
      // A turn passes on to the next directly, so that nobody slips in between.
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
