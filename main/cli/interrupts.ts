/** Milliseconds within which a second signal counts as the same key press: launchers pass on what the terminal sent to all. */
const SAME_PRESS = 400;

/** Milliseconds that a job gets to end after the second Ctrl-C before the command itself ends. */
const LAST_RESORT = 5000;

export interface InterruptOptions {
  /** Called at the first Ctrl-C (or SIGTERM), before the signal aborts. */
  readonly onFirst?: () => void;
  /** Called at the second: ends what is still running, at once. */
  readonly onSecond?: () => void;
}

/**
 * Runs `work` with a signal that the first Ctrl-C aborts, so that it can end in order (a run is interrupted after a
 * checkpoint). The second Ctrl-C calls `onSecond`; what still hangs five seconds later ends with the process.
 */
export async function withInterrupts<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: InterruptOptions = {},
): Promise<T> {
  const controller = new AbortController();
  let firstAt: number | null = null;
  let pressedTwice = false;
  let lastResort: NodeJS.Timeout | undefined;
  const pressed = () => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      options.onFirst?.();
      controller.abort();
    } else if (!pressedTwice && now - firstAt > SAME_PRESS) {
      pressedTwice = true;
      options.onSecond?.();
      lastResort = setTimeout(() => process.exit(1), LAST_RESORT);
      lastResort.unref();
    }
  };
  process.on('SIGINT', pressed);
  process.on('SIGTERM', pressed);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(lastResort);
    process.off('SIGINT', pressed);
    process.off('SIGTERM', pressed);
  }
}
