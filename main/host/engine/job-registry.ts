import { KarstError } from '../../../shared/domain/errors.ts';

/** Running engine jobs, so that closing the studio can end all of them and wait. */
export class JobRegistry {
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  /**
   * @param signal of the caller
   * @param work receives a signal that aborts with `signal` and when the registry is closed
   * @throws cancelled after `close`; what the work does
   */
  async run<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new KarstError('cancelled', 'The studio is about to close.');
    const abort = new AbortController();
    const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
    // Registered before the work can emit anything.
    const done = Promise.resolve().then(() => work(either));
    this.#running.set(abort, done);
    try {
      return await done;
    } finally {
      this.#running.delete(abort);
    }
  }

  /** Aborts running jobs and waits for them. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running];
    for (const [abort] of running) abort.abort();
    await Promise.allSettled(running.map(([, done]) => done));
  }
}
