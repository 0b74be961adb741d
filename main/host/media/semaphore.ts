/** Limits how many operations run concurrently. LIFO: what a gallery asked for last is what it shows now. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(permits: number) {
    this.#free = permits;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.pop();
      // The permit passes directly to the next waiter, so that no newcomer takes it first.
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
