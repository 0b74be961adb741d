import { computed, onScopeDispose, ref, type ComputedRef, type Ref } from 'vue';
import type { Adapter } from '../../../shared/domain/library.ts';
import { useBridge } from '../../bridge/index.ts';
import { useLoad, type Load } from '../../composables/use-load.ts';
import { NO_ADAPTER_FILTER } from '../../stores/adapters.ts';

/** Limit of the list; older adapters are reached from the library. */
const NEWEST = 200;

export interface AdapterChoice {
  readonly adapters: Load<readonly Adapter[]>;
  readonly chosen: Ref<string | null>;
  readonly adapter: ComputedRef<Adapter | null>;
}

/** The adapter in use: the requested one, else the newest. */
export function useAdapterChoice(asked: string | null): AdapterChoice {
  const bridge = useBridge();
  const wanted = ref(asked);

  const adapters = useLoad(async () => {
    const page = { filter: NO_ADAPTER_FILTER, offset: 0, limit: NEWEST };
    const { adapters: newest } = await bridge.call('adapters.list', page);
    if (asked === null || newest.some(({ id }) => id === asked)) return newest;
    const { adapter } = await bridge.call('adapters.get', { id: asked });
    return [adapter, ...newest];
  });
  const chosen = computed({
    get: () => wanted.value ?? adapters.data.value?.[0]?.id ?? null,
    set: (id) => {
      wanted.value = id;
    },
  });
  const adapter = computed(
    () => adapters.data.value?.find(({ id }) => id === chosen.value) ?? null,
  );

  onScopeDispose(
    bridge.on('library', ({ part }) => {
      if (part === 'adapters') void adapters.reload();
    }),
  );
  return { adapters, chosen, adapter };
}
