import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useToasts } from '../stores/toasts.ts';

export interface Action<A extends readonly unknown[], R> {
  /** Undefined on failure; the error has been shown. */
  readonly run: (...values: A) => Promise<R | undefined>;
  readonly busy: Readonly<Ref<boolean>>;
  /** Error of the last call; null after success. */
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
}

/**
 * Wraps a user action: exposes `busy` and `error`, and shows failures as a toast unless `inline`.
 * Cancellation is not a failure.
 */
export function useAction<A extends readonly unknown[], R>(
  work: (...values: A) => Promise<R>,
  options: { readonly inline?: boolean } = {},
): Action<A, R> {
  const busy = ref(false);
  const error = shallowRef<ErrorReport | null>(null);
  const toasts = useToasts();

  async function run(...values: A): Promise<R | undefined> {
    busy.value = true;
    error.value = null;
    try {
      return await work(...values);
    } catch (thrown) {
      if (thrown instanceof KarstError && thrown.code === 'cancelled') return undefined;
      error.value = toErrorReport(thrown);
      if (options.inline !== true) toasts.fail(error.value);
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  return { run, busy, error };
}
