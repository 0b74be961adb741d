import * as v from 'valibot';
import {
  engineEventSchema,
  type EngineEvent,
  type HostMessage,
} from '../../../shared/contract/engine/messages.ts';
import type { Job } from '../../../shared/contract/engine/jobs.ts';
import type { JobResult } from '../../../shared/contract/engine/results.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { EngineExit, EngineHandle, EngineSpawner } from '../contract/engine.ts';
import { crashError, oomKills } from './crash.ts';

/** Milliseconds for an engine to exit after its result. */
const FAREWELL_MS = 5_000;

export interface EngineJobOptions {
  readonly spawn: EngineSpawner;
  readonly job: Job;
  /** Cache folder. */
  readonly cacheDir: string;
  readonly logFile: string | null;
  readonly onEvent?: ((event: EngineEvent) => void) | undefined;
  /** Receives a function to send controls once the engine has started. */
  readonly onControl?: (send: (message: HostMessage) => void) => void;
  /** Aborting sends `suspend` and kills the engine after the grace period. */
  readonly signal?: AbortSignal | undefined;
  readonly graceMs: number;
}

type Outcome = { result: JobResult } | { error: KarstError };

const cancelled = (): KarstError =>
  new KarstError('cancelled', 'The job was cancelled.', { hint: '' });

/** One engine process from start to exit. Settles only when the process has gone. */
class EngineJob {
  readonly #options: EngineJobOptions;
  readonly #engine: EngineHandle;
  readonly #oomKillsBefore = oomKills();
  #outcome: Outcome | null = null;
  #killed = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: EngineJobOptions) {
    this.#options = options;
    this.#engine = options.spawn({ env: {}, logFile: options.logFile });
  }

  run(): Promise<JobResult> {
    const { job, cacheDir, signal } = this.#options;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#suspend();
      this.#engine.onEvent((raw) => this.#receive(raw));
      this.#engine.onExit((exit) => {
        if (this.#timer !== null) clearTimeout(this.#timer);
        signal?.removeEventListener('abort', onAbort);
        const outcome = this.#conclude(exit);
        if ('result' in outcome) resolve(outcome.result);
        else reject(outcome.error);
      });
      this.#engine.send({ type: 'start', job, cacheDir });
      this.#options.onControl?.((message) => {
        if (this.#outcome === null) this.#engine.send(message);
      });
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #suspend(): void {
    if (this.#outcome !== null) return;
    this.#engine.send({ type: 'suspend' });
    this.#killAfter(this.#options.graceMs);
  }

  #killAfter(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#killed = true;
      this.#engine.kill();
    }, ms);
  }

  #receive(raw: unknown): void {
    // Messages after the result are ignored.
    if (this.#outcome !== null) return;
    const parsed = v.safeParse(engineEventSchema, raw);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      this.#fail(
        new KarstError(
          'internal',
          `The engine sent a invalid message (${v.getDotPath(issue) ?? 'type'}: ${issue.message}).`,
          { hint: 'This is a fault in KARST Studio: please report it with the log.' },
        ),
      );
      return;
    }
    const event = parsed.output;
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      // An event that cannot be stored or shown must not be lost: the job fails with that error.
      this.#fail(error);
      return;
    }
    if (event.type === 'error') {
      this.#outcome = { error: KarstError.fromReport(event.error) };
      this.#killAfter(FAREWELL_MS);
    } else if (event.type === 'done') {
      const { result } = event;
      if (result.kind !== this.#options.job.kind)
        this.#fail(
          new KarstError(
            'internal',
            `The engine finished a job "${this.#options.job.kind}" with a result "${result.kind}".`,
          ),
        );
      else {
        this.#outcome = { result };
        this.#killAfter(FAREWELL_MS);
      }
    }
  }

  #fail(error: unknown): void {
    this.#outcome = { error: error as KarstError };
    this.#killed = true;
    this.#engine.kill();
  }

  #conclude(exit: EngineExit): Outcome {
    if (this.#outcome !== null) return this.#outcome;
    const { signal, logFile } = this.#options;
    if (signal?.aborted || this.#killed) return { error: cancelled() };
    const before = this.#oomKillsBefore;
    const after = before === null ? null : oomKills();
    const more = before === null || after === null ? 0 : after - before;
    return { error: crashError(exit, more, logFile) };
  }
}

/**
 * Runs one job in an engine and waits until its process has gone. Every message is validated
 * against the contract.
 * @throws the engine's own error; engine-crashed, out-of-memory with the reason; cancelled;
 * internal for a message that does not parse; what `onEvent` throws
 */
export async function runEngineJob(options: EngineJobOptions): Promise<JobResult> {
  if (options.signal?.aborted) throw cancelled();
  return new EngineJob(options).run();
}
