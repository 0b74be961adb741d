import { KarstError } from '../../../shared/domain/errors.ts';

/** The work of engines that is under way, so that a studio which closes can end all of it and wait. */
export class JobRegistry {
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  /**
   * @param signal of whoever asked
   * @param work is given a signal that aborts with `signal`, and when the registry is closed
   * @throws cancelled after `close`; what the work does
   */
  async run<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new KarstError('cancelled', 'The studio is about to close.');
    const abort = new AbortController();
    const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
    // The entry is there before the work can tell anyone anything.
    const done = Promise.resolve().then(() => work(either));
    this.#running.set(abort, done);
    try {
      return await done;
    } finally {
      this.#running.delete(abort);
    }
  }

  /** Ends what is under way and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running];
    for (const [abort] of running) abort.abort();
    await Promise.allSettled(running.map(([, done]) => done));
  }
}
