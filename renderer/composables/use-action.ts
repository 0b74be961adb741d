import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useToasts } from '../stores/toasts.ts';

export interface Action<A extends readonly unknown[], R> {
  /** Undefined on failure; the error has been shown. */
  readonly run: (...values: A) => Promise<R | undefined>;
  /** The newest call is in progress. */
  readonly busy: Readonly<Ref<boolean>>;
  /** Error of the newest call; null while it is in progress and after success. */
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
}

/**
 * Wraps a user action: exposes `busy` and `error`, and shows failures as a toast unless `inline`.
 * Cancellation is not a failure. Of calls that overlap, `busy` and `error` are the newest one's; a
 * toast tells of each.
 */
export function useAction<A extends readonly unknown[], R>(
  work: (...values: A) => Promise<R>,
  options: { readonly inline?: boolean } = {},
): Action<A, R> {
  const busy = ref(false);
  const error = shallowRef<ErrorReport | null>(null);
  const toasts = useToasts();
  let turn = 0;

  async function run(...values: A): Promise<R | undefined> {
    const mine = ++turn;
    busy.value = true;
    error.value = null;
    try {
      return await work(...values);
    } catch (thrown) {
      if (thrown instanceof KarstError && thrown.code === 'cancelled') return undefined;
      const report = toErrorReport(thrown);
      if (mine === turn) error.value = report;
      if (options.inline !== true) toasts.fail(report);
      return undefined;
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  return { run, busy, error };
}
