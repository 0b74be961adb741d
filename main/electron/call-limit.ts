import { KarstError } from '../../shared/domain/errors.ts';

/** Calls of the page that are under way at once. It never has so many by itself; each costs memory until it is answered. */
export const MOST_CALLS = 256;

/** Counts what the page has asked and was not answered yet. */
export class CallLimit {
  #underWay = 0;

  /** @throws in-use when too many are under way, and what the work throws */
  async count<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= MOST_CALLS)
      throw new KarstError('in-use', `The window has asked ${String(MOST_CALLS)} things at once.`, {
        hint: 'Wait for the answers and try again.',
      });
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }
}
