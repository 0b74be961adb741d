import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useToasts } from '../stores/toasts.ts';

export interface Action<A extends readonly unknown[], R> {
  /** Undefined when it failed: the error has been shown. */
  readonly run: (...values: A) => Promise<R | undefined>;
  readonly busy: Readonly<Ref<boolean>>;
  /** Of the last time; null after it went well. */
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
}

/**
 * Something that a person sets off and that may fail: says while it works, and how it failed. With `inline` the
 * caller shows the error where it belongs; without, it is told as a notification. What was cancelled is no failure.
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
