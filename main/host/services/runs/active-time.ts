/** A clock of seconds that can be stopped and goes on. It runs from the beginning. */
export class ActiveTime {
  #seconds: number;
  #since: number | null = performance.now();

  /** @param seconds where it begins */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  get seconds(): number {
    return this.#seconds + (this.#since === null ? 0 : (performance.now() - this.#since) / 1000);
  }

  run(on: boolean): void {
    this.#seconds = this.seconds;
    this.#since = on ? performance.now() : null;
  }
}
