import { Worker } from 'node:worker_threads';
import type { Preprocessing } from '../../../shared/domain/preprocessing.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { batchesAhead } from '../../../shared/domain/loading-threads.ts';
import type { AugmentationOptions } from '../../../shared/domain/training.ts';
import { workingRule } from './augmentation.ts';
import {
  epochOrder,
  type BatchSource,
  type EpochOptions,
  type ImageBatch,
} from './batch-source.ts';
import { MEMORY_LIMIT, planCache } from './cache-plan.ts';
import type { ImageSource, LoadingThreadData, LoadReply, LoadRequest } from './messages.ts';

export type { ImageSource } from './messages.ts';

export interface ImageLoaderOptions {
  readonly images: readonly ImageSource[];
  readonly preprocessing: Preprocessing;
  /** null gives the evaluation transform. */
  readonly augmentation: AugmentationOptions | null;
  readonly batchSize: number;
  readonly seed: number;
  /** Folder of the cache of decoded images; null keeps them in memory, up to `memoryBytes`. */
  readonly cacheDir: string | null;
  /**
   * Called once when decoded images cannot be written to the folder; loading continues, more
   * slowly.
   */
  readonly onCacheFault?: (fault: ErrorReport) => void;
  /** Threads that decode and augment; default 1. The batches do not depend on it. */
  readonly threads?: number;
  readonly memoryBytes?: number;
}

interface Waiting {
  readonly resolve: (reply: LoadReply) => void;
  readonly reject: (error: KarstError) => void;
}

/**
 * Prefetches batches in worker threads, so that images are decoded during the caller's synchronous
 * training step; the caller only has to await between steps. A batch is a pure function of (seed,
 * epoch, batch number, images), bit for bit: the number of threads, the first batch and the state
 * of the cache do not matter.
 */
export class ImageLoader implements BatchSource {
  readonly batchesPerEpoch: number;
  readonly #options: ImageLoaderOptions;
  readonly #prefetch: number;
  #threads: Promise<readonly LoadingThread[]> | null = null;
  #cacheFaultTold = false;
  #closed = false;

  constructor(options: ImageLoaderOptions) {
    if (!Number.isInteger(options.batchSize) || options.batchSize < 1)
      throw new RangeError(`A batch of ${options.batchSize} images is not possible.`);
    this.#options = options;
    this.batchesPerEpoch = Math.ceil(options.images.length / options.batchSize);
    const bytes = options.batchSize * 3 * options.preprocessing.imageSize ** 2 * 4;
    this.#prefetch = batchesAhead(bytes);
  }

  /**
   * Starts the threads before the first epoch asks for them, so that they load their code meanwhile.
   * A failure is reported by that epoch.
   */
  open(): void {
    this.#start().catch(() => undefined);
  }

  /**
   * The batches of one epoch, in order. With `shuffle` the order of the images is
   * `shuffledIndices(n, randomStream(seed, 'shuffle', epoch))`, else as given. An image that cannot
   * be used becomes a padding row and is listed in `problems`. Only one epoch may be iterated at a
   * time.
   *
   * @throws KarstError when a thread dies (`internal`, `out-of-memory`)
   */
  async *epoch(options: EpochOptions): AsyncGenerator<ImageBatch, void, void> {
    const { images, batchSize, seed } = this.#options;
    const { epoch, from = 0 } = options;
    const threads = await this.#start();
    const order = epochOrder(images.length, seed, options);
    const end = this.batchesPerEpoch;

    const ahead: Promise<LoadReply>[] = [];
    const request = (batch: number) => {
      const rows = new Int32Array(batchSize).fill(-1);
      rows.set(order.subarray(batch * batchSize, (batch + 1) * batchSize));
      const thread = threads[batch % threads.length]!;
      const reply = thread.ask((ticket) => ({ type: 'batch', ticket, epoch, batch, rows }));
      // The caller may stop iterating: a rejection that nobody awaits must not end the process.
      reply.catch(() => undefined);
      ahead.push(reply);
    };
    try {
      for (let batch = from; batch < end; batch++) {
        while (batch + ahead.length < Math.min(end, batch + this.#prefetch + 1))
          request(batch + ahead.length);
        const reply = await ahead.shift()!;
        if (reply.type !== 'batch') throw unexpected(reply);
        this.#tell(reply.cacheFault);
        // Request the next batch before the caller's step, so that it is prepared during it.
        if (batch + 1 + ahead.length < end) request(batch + 1 + ahead.length);
        const { pixels, indices, partners, lambda, problems } = reply;
        const count = indices.reduce((sum, index) => sum + (index === -1 ? 0 : 1), 0);
        yield { pixels, indices, count, partners, lambda, problems };
      }
    } finally {
      for (const thread of threads) thread.cancel();
    }
  }

  /** Terminates the threads and discards their work. */
  async close(): Promise<void> {
    this.#closed = true;
    // A failed start is reported by epoch().
    const threads = await this.#threads?.catch(() => null);
    if (threads) await Promise.all(threads.map((thread) => thread.close()));
  }

  #tell(fault: ErrorReport | null): void {
    if (fault === null || this.#cacheFaultTold) return;
    this.#cacheFaultTold = true;
    this.#options.onCacheFault?.(fault);
  }

  #start(): Promise<readonly LoadingThread[]> {
    if (this.#closed) throw new Error('The image loader is closed.');
    this.#threads ??= this.#startThreads();
    return this.#threads;
  }

  async #startThreads(): Promise<readonly LoadingThread[]> {
    const { images, preprocessing, augmentation, seed, cacheDir } = this.#options;
    const count = this.#options.threads ?? 1;
    const rule = workingRule(preprocessing, augmentation).name;
    // Enough for images with aspect ratios up to 3 : 1. Pages that are never written take no
    // memory.
    const all = images.length * (1.5 * preprocessing.imageSize) ** 2 * 3 * 3;
    const memory = Math.ceil(Math.min(all, this.#options.memoryBytes ?? MEMORY_LIMIT));
    const cache = await planCache(cacheDir, rule, images, count, memory);
    this.#tell(cache.fault);
    return Array.from({ length: count }, (_, thread) => {
      const ownSegment = cache.memory === null ? cache.segments.length - count + thread : null;
      return new LoadingThread({ images, preprocessing, augmentation, seed, cache, ownSegment });
    });
  }
}

function unexpected(reply: LoadReply): KarstError {
  if (reply.type === 'failed') return KarstError.fromReport(reply.error);
  return new KarstError('internal', 'A loading thread answered another request.');
}

/** The loader's side of one thread. */
class LoadingThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #ticket = 0;
  #failure: KarstError | null = null;

  constructor(data: LoadingThreadData) {
    this.#worker = new Worker(new URL('./loading-thread.ts', import.meta.url), {
      workerData: data,
    });
    // Only a loader with pending requests keeps the process alive.
    this.#worker.unref();
    this.#worker.on('message', (reply: LoadReply) => {
      this.#waiting.get(reply.ticket)?.resolve(reply);
      this.#forget(reply.ticket);
    });
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`it ended with code ${code}`)));
  }

  ask(request: (ticket: number) => LoadRequest): Promise<LoadReply> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const ticket = this.#ticket++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(request(ticket));
    });
  }

  /** Cancels the requests that have not started. */
  cancel(): void {
    if (this.#failure !== null) return;
    this.#worker.postMessage({ type: 'cancel' } satisfies LoadRequest);
    this.#waiting.clear();
    this.#worker.unref();
  }

  async close(): Promise<void> {
    if (this.#failure !== null) return;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.ref();
    this.#worker.postMessage({ type: 'close' } satisfies LoadRequest);
    await ended;
  }

  #forget(ticket: number): void {
    this.#waiting.delete(ticket);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #fail(cause: Error): void {
    if (this.#failure !== null) return;
    const memory = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#failure = new KarstError(
      memory ? 'out-of-memory' : 'internal',
      `The image loading thread crashed: ${cause.message}.`,
      { hint: memory ? 'Use a smaller batch.' : 'Please report it with the log.', cause },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
