/** Pages of a long list: loaded and loading. */
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

  /** Pages with these positions that were not requested yet; marks them as requested. */
  missing(first: number, last: number): number[] {
    const pages: number[] = [];
    for (let page = Math.floor(first / this.#size); page <= Math.floor(last / this.#size); page++) {
      if (page < 0 || this.#asked.has(page)) continue;
      this.#asked.add(page);
      pages.push(page);
    }
    return pages;
  }

  /** The first of these pages that was not requested yet; marks it as requested. */
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

  /** Allows requesting it again. */
  failed(page: number): void {
    this.#asked.delete(page);
  }
}
