import type {
  EngineEvent,
  FileAnswer,
  HostMessage,
} from '../../../shared/contract/engine/messages.ts';
import type { InteractivePredictJob } from '../../../shared/contract/engine/jobs.ts';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { EngineSpawner } from '../contract/engine.ts';
import { runEngineJob } from './engine-job.ts';

export interface WarmEngineOptions {
  readonly spawn: EngineSpawner;
  readonly cacheDir: string;
  readonly graceMs: number;
  /** Milliseconds an engine is kept after its last answer. */
  readonly warmMs: number;
}

/** Grace period in milliseconds for an idle engine to exit. */
const STOP_MS = 5_000;

interface Waiting {
  readonly id: number;
  readonly resolve: (answers: readonly FileAnswer[]) => void;
  readonly reject: (error: KarstError) => void;
}

/** An engine process with one adapter loaded. Handles one question at a time. */
class ReadyEngine {
  /** Of the adapter. */
  readonly key: string;
  /** Settles when the process has gone; never rejects. */
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  #send: ((message: HostMessage) => void) | null = null;
  #waiting: Waiting | null = null;
  #asked = 0;
  #end: KarstError | null = null;

  constructor(key: string, job: InteractivePredictJob, options: WarmEngineOptions) {
    this.key = key;
    const { spawn, cacheDir, graceMs } = options;
    this.ended = runEngineJob({
      spawn,
      cacheDir,
      graceMs,
      job,
      logFile: null,
      signal: this.#abort.signal,
      onEvent: (event) => this.#receive(event),
      onControl: (send) => (this.#send = send),
    }).then(
      () => this.#finish(cancelled()),
      (error: unknown) => this.#finish(forPredictions(error)),
    );
  }

  get isOver(): boolean {
    return this.#end !== null;
  }

  async ask(paths: readonly string[], top: number): Promise<readonly FileAnswer[]> {
    const send = this.#send;
    // It could not be started; the reason follows.
    if (send === null) await this.ended;
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      this.#waiting = { id, resolve, reject };
      send?.({ type: 'question', id, paths, top });
    });
  }

  /** Asks it to exit, and kills it after the grace period. */
  async stop(): Promise<void> {
    this.#send?.({ type: 'stop' });
    const timer = setTimeout(() => this.#abort.abort(), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Kills it. */
  async cancel(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  #receive(event: EngineEvent): void {
    if (event.type !== 'answer' || this.#waiting?.id !== event.id) return;
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve(event.answers);
  }

  #finish(error: KarstError): void {
    this.#end = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

/**
 * Predicts with an engine that is kept for a while after each question, so that the next one about
 * the same adapter need not wait for loading and compiling. One adapter at a time; questions are
 * answered in order.
 */
export class WarmEngine {
  readonly #options: WarmEngineOptions;
  #engine: ReadyEngine | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: WarmEngineOptions) {
    this.#options = options;
  }

  /**
   * @param key of the adapter
   * @param job called when an engine has to be started
   * @returns one answer per path, in order
   * @throws engine-crashed and what the engine reports, after which the next question starts a
   * fresh one; cancelled
   */
  ask(
    key: string,
    job: () => Promise<InteractivePredictJob>,
    paths: readonly string[],
    top: number,
  ): Promise<readonly FileAnswer[]> {
    return this.#inTurn(async () => {
      const engine = await this.#engineFor(key, job);
      try {
        return await engine.ask(paths, top);
      } finally {
        this.#endLater();
      }
    });
  }

  /** Releases an adapter whose folder is about to move. */
  release(key: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#engine?.key === key) await this.#drop();
    });
  }

  /** Ends the engine; waiting questions are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#engine?.cancel();
    await this.#turn;
  }

  async #engineFor(key: string, job: () => Promise<InteractivePredictJob>): Promise<ReadyEngine> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#throwIfClosed();
    if (this.#engine !== null && (this.#engine.key !== key || this.#engine.isOver))
      await this.#drop();
    if (this.#engine !== null) return this.#engine;
    const made = await job();
    this.#throwIfClosed();
    this.#engine = new ReadyEngine(key, made, this.#options);
    return this.#engine;
  }

  #throwIfClosed(): void {
    if (this.#closed) throw cancelled();
  }

  #endLater(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#inTurn(() => this.#drop()), this.#options.warmMs);
    // This timer must not keep the process alive.
    this.#timer.unref();
  }

  async #drop(): Promise<void> {
    const engine = this.#engine;
    this.#engine = null;
    await engine?.stop();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // The caller gets the error; the queue only needs to know that this question is over.
    const over = (): void => undefined;
    this.#turn = done.then(over, over);
    return done;
  }
}

const cancelled = (): KarstError => new KarstError('cancelled', 'The prediction was cancelled.');

/** The report of a crash: nothing is lost, and the next question starts a new engine. */
function forPredictions(error: unknown): KarstError {
  const { code, message, hint, path } = toErrorReport(error);
  const crashed = code === 'engine-crashed';
  return new KarstError(code, message, {
    hint: crashed
      ? 'Try again: a new engine is started. If it happens again with the same picture, leave that one out.'
      : hint,
    ...(path === undefined ? {} : { path }),
    cause: error,
  });
}
