/** Seconds after which a measurement counts for a third: other work on the machine comes and goes. */
const MEMORY = 300;

/** Seconds per unit of work, averaged over the last minutes. */
export class Pace {
  #seconds = 0;
  #amount = 0;

  add(seconds: number, amount = 1): void {
    const kept = Math.exp(-seconds / MEMORY);
    this.#seconds = kept * this.#seconds + seconds;
    this.#amount = kept * this.#amount + amount;
  }

  /** Null before the first measurement. */
  get secondsPerUnit(): number | null {
    return this.#amount === 0 ? null : this.#seconds / this.#amount;
  }
}
