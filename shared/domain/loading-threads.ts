/** A thread that resizes, augments and normalises keeps about three others busy with a training step. */
const PROCESSORS_A_THREAD = 2;

/** More do not help: decoding has its own pool, and a training step waits for one batch. */
const MOST_THREADS = 8;

/** Memory of a decoding thread: its heap and the pixels of four large photographs. */
const BYTES_A_THREAD = 512 * 2 ** 20;

/** Batches that are made ahead: at most so many, in at most so many bytes, but always two. */
const MOST_BATCHES = 16;
const BYTES_AHEAD = 256 * 2 ** 20;

/** How many batches of so many bytes are made ahead of the training step. */
export function batchesAhead(bytes: number): number {
  return Math.min(MOST_BATCHES, Math.max(2, Math.floor(BYTES_AHEAD / bytes)));
}

/**
 * Threads that load images beside a training step. The batches do not depend on their number.
 *
 * @param processors that the engine may use
 * @param freeBytes free memory
 */
export function loadingThreads(processors: number, freeBytes: number): number {
  const useful = Math.min(Math.floor(processors / PROCESSORS_A_THREAD), MOST_THREADS);
  return Math.max(1, Math.min(useful, Math.floor(freeBytes / BYTES_A_THREAD)));
}
