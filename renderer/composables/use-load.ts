import {
  onScopeDispose,
  ref,
  shallowRef,
  watch,
  type Ref,
  type ShallowRef,
  type WatchSource,
} from 'vue';
import { toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useBridge } from '../bridge/index.ts';

const SLOW_MS = 300;

export interface Load<T> {
  /** The newest answer; kept while the next one loads. */
  readonly data: Readonly<ShallowRef<T | null>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** Waiting for an answer. */
  readonly loading: Readonly<Ref<boolean>>;
  /** Waiting long enough to show an indicator. */
  readonly slow: Readonly<Ref<boolean>>;
  readonly reload: () => Promise<void>;
}

/**
 * Loads what a view shows: immediately, when `source` changes, and after a reconnect. Outdated
 * answers are dropped.
 */
export function useLoad<T>(ask: () => Promise<T>, source?: WatchSource): Load<T> {
  const data = shallowRef<T | null>(null);
  const error = shallowRef<ErrorReport | null>(null);
  const loading = ref(false);
  const slow = ref(false);
  let turn = 0;

  async function reload(): Promise<void> {
    const mine = ++turn;
    loading.value = true;
    const timer = setTimeout(() => {
      if (mine === turn) slow.value = true;
    }, SLOW_MS);
    try {
      const answer = await ask();
      if (mine !== turn) return;
      data.value = answer;
      error.value = null;
    } catch (thrown) {
      if (mine === turn) error.value = toErrorReport(thrown);
    } finally {
      clearTimeout(timer);
      if (mine === turn) {
        loading.value = false;
        slow.value = false;
      }
    }
  }

  if (source !== undefined) watch(source, () => void reload());
  onScopeDispose(useBridge().onReconnected(() => void reload()));
  void reload();
  return { data, error, loading, slow, reload };
}
