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
  /** The newest answer; stays while the next is under way. */
  readonly data: Readonly<ShallowRef<T | null>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** An answer is due. */
  readonly loading: Readonly<Ref<boolean>>;
  /** It has been due for so long that something should be said. */
  readonly slow: Readonly<Ref<boolean>>;
  readonly reload: () => Promise<void>;
}

/**
 * Asks the host for what a view shows: at once, whenever `source` changes, and after the connection was lost.
 * Late answers to earlier questions are dropped.
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
