import { KarstError } from '../../shared/domain/errors.ts';

/**
 * Limit of concurrent calls of the page. Normal use stays below; each pending call costs memory.
 */
export const MOST_CALLS = 256;

/** Counts the page's pending calls. */
export class CallLimit {
  #underWay = 0;

  /** @throws in-use when too many are pending, and what the work throws */
  async count<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= MOST_CALLS)
      throw new KarstError(
        'in-use',
        `The window has asked ${String(MOST_CALLS)} concurrent requests.`,
        {
          hint: 'Wait for the answers and try again.',
        },
      );
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }
}
