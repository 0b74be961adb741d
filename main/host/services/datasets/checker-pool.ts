import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { KarstError } from '../../../../shared/domain/errors.ts';
import type { CheckAnswer, CheckRequest } from './image-check.ts';

/** Requests per worker: one in progress, one waiting. */
const DEPTH = 2;
/**
 * Size of a worker's young generation in MiB. Pixels are freed with their JavaScript object; at the
 * default size hundreds of megabytes of pixels would wait for a collection.
 */
const YOUNG_MIB = 4;

/**
 * Checks files in worker threads and yields the answers in the order of completion. Only a few
 * files are in progress, whatever the length of `requests`. Leaving the loop ends the workers.
 * @throws internal when a worker dies
 */
export async function* checkFiles(
  requests: Iterable<CheckRequest>,
  options: { signal?: AbortSignal | undefined; threads?: number } = {},
): AsyncGenerator<CheckAnswer> {
  const threads = Math.max(1, Math.min(options.threads ?? availableParallelism(), 8));
  const source = requests[Symbol.iterator]();
  const answers: CheckAnswer[] = [];
  const failures: Error[] = [];
  let wake: () => void = () => undefined;
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./image-check.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    worker.on('message', (answer: CheckAnswer) => {
      answers.push(answer);
      feed(worker);
      wake();
    });
    worker.on('error', (error: Error) => {
      failures.push(error);
      wake();
    });
    return worker;
  });
  let open = 0;
  const feed = (worker: Worker): void => {
    const next = source.next();
    if (next.done) return;
    open++;
    worker.postMessage(next.value);
  };
  const onAbort = (): void => wake();
  options.signal?.addEventListener('abort', onAbort);
  try {
    for (let i = 0; i < DEPTH; i++) workers.forEach(feed);
    while (open > 0) {
      if (answers.length === 0 && failures.length === 0 && !options.signal?.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (options.signal?.aborted) return;
      const [failure] = failures;
      if (failure !== undefined)
        throw new KarstError(
          'internal',
          `A thread that checks images crashed: ${failure.message}.`,
          {
            hint: 'This is a fault in KARST Studio: please report it with the log.',
            cause: failure,
          },
        );
      for (const answer of answers.splice(0)) {
        open--;
        yield answer;
      }
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
