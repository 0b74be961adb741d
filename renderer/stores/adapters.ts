import { defineStore } from 'pinia';
import { onScopeDispose, ref, shallowRef } from 'vue';
import { watchDebounced } from '@vueuse/core';
import type { AdapterFilter } from '../../shared/contract/window/adapters.ts';
import { toErrorReport } from '../../shared/domain/errors.ts';
import type { ErrorReport } from '../../shared/domain/error-report.ts';
import type { Adapter } from '../../shared/domain/library.ts';
import { useBridge } from '../bridge/index.ts';

export const NO_ADAPTER_FILTER: AdapterFilter = {
  search: '',
  tags: [],
  method: null,
  backboneId: null,
  sort: 'newest',
};

const PAGE = 100;
const TYPING_MS = 120;

/**
 * The filtered library: the host filters, sorts and pages, because there may be thousands. The
 * filter is kept when the view is left.
 */
export const useAdapters = defineStore('adapters', () => {
  const bridge = useBridge();
  const filter = ref<AdapterFilter>({ ...NO_ADAPTER_FILTER });
  const found = shallowRef<readonly Adapter[]>([]);
  /** Number of matches, loaded or not. */
  const total = ref(0);
  /** Every tag in the library. */
  const tags = shallowRef<readonly string[]>([]);
  const loaded = ref(false);
  const error = shallowRef<ErrorReport | null>(null);
  let turn = 0;

  /** Reloads as many as are shown. */
  async function reload(limit = Math.max(PAGE, found.value.length)): Promise<void> {
    const mine = ++turn;
    try {
      const answer = await bridge.call('adapters.list', { filter: filter.value, offset: 0, limit });
      if (mine !== turn) return;
      found.value = answer.adapters;
      total.value = answer.total;
      tags.value = answer.tags;
      error.value = null;
      loaded.value = true;
    } catch (thrown) {
      if (mine === turn) error.value = toErrorReport(thrown);
    }
  }

  async function more(): Promise<void> {
    const mine = ++turn;
    const offset = found.value.length;
    try {
      const answer = await bridge.call('adapters.list', {
        filter: filter.value,
        offset,
        limit: PAGE,
      });
      if (mine !== turn) return;
      found.value = [...found.value, ...answer.adapters];
      total.value = answer.total;
    } catch (thrown) {
      if (mine === turn) error.value = toErrorReport(thrown);
    }
  }

  watchDebounced(filter, () => void reload(PAGE), { deep: true, debounce: TYPING_MS });
  onScopeDispose(
    bridge.on('library', ({ part }) => {
      if (part === 'adapters' && loaded.value) void reload();
    }),
  );
  onScopeDispose(bridge.onReconnected(() => void (loaded.value && reload())));

  return { filter, found, total, tags, loaded, error, reload, more };
});
