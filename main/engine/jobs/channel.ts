import type {
  Control,
  EngineEvent,
  HostMessage,
} from '../../../shared/contract/engine/messages.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { loadingThreads } from '../../../shared/domain/loading-threads.ts';
import type { ImageLoaderOptions } from '../data/loader.ts';
import type { Runtime } from '../runtime/open-runtime.ts';
import type { PendingControl, RunChannel } from '../train/run-channel.ts';

export type Question = Extract<HostMessage, { type: 'question' }>;

/** A job's side of the channel: sends events, handles controls between steps, takes questions. */
export class JobChannel implements RunChannel {
  readonly cacheDir: string;
  /** Seconds that opening the runtime took. */
  readonly loadingSeconds: number;
  readonly #runtime: Runtime | null;
  readonly #send: (event: EngineEvent) => void;
  #pending: PendingControl = 'none';
  #wake: (() => void) | undefined;
  #lastProgress = 0;
  #phase: string | null = null;
  readonly #questions: Question[] = [];
  readonly #warned = new Set<string>();

  /**
   * @param runtime null for a job that computes no tensors
   * @param loadingSeconds seconds that opening the runtime took
   */
  constructor(
    runtime: Runtime | null,
    cacheDir: string,
    send: (event: EngineEvent) => void,
    loadingSeconds = 0,
  ) {
    this.#runtime = runtime;
    this.loadingSeconds = loadingSeconds;
    this.cacheDir = cacheDir;
    this.#send = send;
  }

  get runtime(): Runtime {
    if (this.#runtime !== null) return this.#runtime;
    throw new KarstError('internal', 'The engine was started without TensorFlow.');
  }

  /** How a job of this process loads its images. */
  get loading(): Pick<ImageLoaderOptions, 'threads' | 'onCacheFault'> {
    const threads = loadingThreads(this.runtime.device.threads, process.availableMemory());
    return { threads, onCacheFault: (fault) => this.warn(fault) };
  }

  emit(event: EngineEvent): void {
    this.#send(event);
  }

  /** Reports something that the job continues without; each message once. */
  warn({ message, hint, path }: ErrorReport): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    const text = `${message} ${hint}`.trim();
    this.emit({
      ...{ type: 'log', level: 'warning', message: text },
      ...(path === undefined ? {} : { path }),
    });
  }

  /** Progress at most ten times a second, but always the first and the last of a phase. */
  progress(
    phase: Extract<EngineEvent, { type: 'progress' }>['phase'],
    done: number,
    total: number,
    secondsLeft: number | null = null,
  ): void {
    const now = performance.now();
    const goesOn = phase === this.#phase && done > 0 && done < total;
    if (goesOn && now - this.#lastProgress < 100) return;
    this.#lastProgress = now;
    this.#phase = phase;
    this.emit({ type: 'progress', phase, done, total, secondsLeft });
  }

  receive(message: Exclude<HostMessage, { type: 'start' }>): void {
    if (message.type === 'question') {
      this.#questions.push(message);
      this.#wake?.();
    } else this.control(message.type);
  }

  control(type: Control): void {
    this.#pending = type === 'resume' ? 'none' : type;
    this.#wake?.();
  }

  /** Waits for a question; null when the job should end. @throws KarstError cancelled */
  async nextQuestion(): Promise<Question | null> {
    for (;;) {
      if (this.#pending === 'suspend') throw cancelled();
      if (this.#pending === 'stop') return null;
      const question = this.#questions.shift();
      if (question !== undefined) return question;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Yields to incoming messages, which a training step blocks, and returns the pending control. */
  async pendingControl(): Promise<PendingControl> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.#pending;
  }

  /** Waits while paused; returns the control that ended the pause. */
  async whilePaused(): Promise<PendingControl> {
    this.emit({ type: 'state', state: 'paused' });
    while (this.#pending === 'pause') await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    if (this.#pending === 'none') this.emit({ type: 'state', state: 'running' });
    return this.#pending;
  }

  /** For jobs without state to save. @throws KarstError cancelled */
  async throwIfCancelled(): Promise<void> {
    const control = await this.pendingControl();
    if (control === 'stop' || control === 'suspend') throw cancelled();
  }
}

const cancelled = (): KarstError => new KarstError('cancelled', 'The job was cancelled.');
