/**
 * Milliseconds within which a second signal counts as the same key press: launchers forward what
 * the terminal sends to the whole group.
 */
const SAME_PRESS = 400;

/** Milliseconds for a job to end after the second Ctrl-C before the command exits. */
const LAST_RESORT = 5000;

export interface InterruptOptions {
  /** Called at the first Ctrl-C (or SIGTERM), before the signal aborts. */
  readonly onFirst?: () => void;
  /** Called at the second: kills what is still running. */
  readonly onSecond?: () => void;
}

/**
 * Runs `work` with a signal that the first Ctrl-C aborts, so that it can end cleanly (a run is
 * interrupted after a checkpoint). The second Ctrl-C calls `onSecond`; five seconds later the
 * process exits.
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
