import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { LIBRARY_PARTS } from '../../shared/contract/window/events.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import { useBridge } from '../bridge/index.ts';

export interface LibraryList<T> {
  readonly items: Readonly<ShallowRef<readonly T[]>>;
  readonly byId: ComputedRef<ReadonlyMap<string, T>>;
  /** The first answer has arrived. */
  readonly loaded: Readonly<Ref<boolean>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** Loads on the first call; the list then stays up to date. */
  readonly ensure: () => Promise<void>;
  readonly reload: () => Promise<void>;
  /** Replaces an entry, or inserts a new one at the front. */
  readonly put: (item: T) => void;
  readonly drop: (id: string) => void;
}

/**
 * A list of the library, synchronised with the host: reloaded on its change events and after a
 * reconnect. Changes during a load cause a single further load.
 */
export function useLibraryList<T extends { readonly id: string }>(
  part: (typeof LIBRARY_PARTS)[number],
  ask: () => Promise<readonly T[]>,
): LibraryList<T> {
  const bridge = useBridge();
  const items = shallowRef<readonly T[]>([]);
  const loaded = ref(false);
  const error = shallowRef<ErrorReport | null>(null);
  const byId = computed(() => new Map(items.value.map((item) => [item.id, item])));
  let asked: Promise<void> | null = null;
  let stale = false;
  let wanted = false;

  async function askUntilFresh(): Promise<void> {
    while (stale) {
      stale = false;
      try {
        items.value = await ask();
        loaded.value = true;
        error.value = null;
      } catch (thrown) {
        error.value = toErrorReport(thrown);
      }
    }
    asked = null;
  }

  function reload(): Promise<void> {
    wanted = true;
    stale = true;
    asked ??= askUntilFresh();
    return asked;
  }

  function ensure(): Promise<void> {
    if (loaded.value) return Promise.resolve();
    return asked ?? reload();
  }

  function put(item: T): void {
    items.value = byId.value.has(item.id)
      ? items.value.map((other) => (other.id === item.id ? item : other))
      : [item, ...items.value];
  }

  function drop(id: string): void {
    items.value = items.value.filter((item) => item.id !== id);
  }

  bridge.on('library', (change) => {
    if (change.part === part && wanted) void reload();
  });
  bridge.onReconnected(() => {
    if (wanted) void reload();
  });

  return { items, byId, loaded, error, ensure, reload, put, drop };
}
