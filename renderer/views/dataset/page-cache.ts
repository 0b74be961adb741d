/** Pages of a long list that were fetched, and those that are on their way. */
export class PageCache<T> {
  readonly #size: number;
  readonly #pages = new Map<number, readonly T[]>();
  readonly #asked = new Set<number>();

  constructor(size: number) {
    this.#size = size;
  }

  at(index: number): T | null {
    return this.#pages.get(Math.floor(index / this.#size))?.[index % this.#size] ?? null;
  }

  /** Pages that hold these places and were not asked for yet; from now on they count as asked for. */
  missing(first: number, last: number): number[] {
    const pages: number[] = [];
    for (let page = Math.floor(first / this.#size); page <= Math.floor(last / this.#size); page++) {
      if (page < 0 || this.#asked.has(page)) continue;
      this.#asked.add(page);
      pages.push(page);
    }
    return pages;
  }

  /** The first of these pages that was not asked for yet, which from now on counts as asked for. */
  nextMissing(first: number, last: number): number | null {
    for (let page = Math.floor(first / this.#size); page <= Math.floor(last / this.#size); page++) {
      if (page >= 0 && !this.#asked.has(page)) {
        this.#asked.add(page);
        return page;
      }
    }
    return null;
  }

  put(page: number, items: readonly T[]): void {
    this.#pages.set(page, items);
  }

  /** It may be asked for again. */
  failed(page: number): void {
    this.#asked.delete(page);
  }
}
