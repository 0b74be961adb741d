import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue';
import type { Adapter } from '../../../shared/domain/library.ts';
import { useBridge } from '../../bridge/index.ts';
import { useLoad, type Load } from '../../composables/use-load.ts';
import { bestRun } from '../../domain/best-run.ts';
import { NO_ADAPTER_FILTER } from '../../stores/adapters.ts';
import { useProjects } from '../../stores/projects.ts';
import { useRuns } from '../../stores/runs.ts';
import { useTried } from '../../stores/tried.ts';

/** Limit of the list; older adapters are reached from the library. */
const NEWEST = 200;

export interface AdapterChoice {
  readonly adapters: Load<readonly Adapter[]>;
  readonly chosen: Ref<string | null>;
  readonly adapter: ComputedRef<Adapter | null>;
}

/**
 * The adapter in use: the requested one, else the one used before, else the best of the current
 * project, else the newest.
 */
export function useAdapterChoice(asked: string | null): AdapterChoice {
  const bridge = useBridge();
  const projects = useProjects();
  const runs = useRuns();
  const tried = useTried();
  const wanted = ref(asked);

  /** The best adapter of the current project; null without one. */
  function bestOfProject(): string | null {
    const id = projects.current?.id;
    const own = id === undefined ? [] : runs.items.filter((run) => run.projectId === id);
    return bestRun(own)?.adapterId ?? null;
  }

  const adapters = useLoad(async () => {
    await Promise.all([projects.ensure(), runs.ensure()]);
    const page = { filter: NO_ADAPTER_FILTER, offset: 0, limit: NEWEST };
    const { adapters: newest } = await bridge.call('adapters.list', page);
    wanted.value ??=
      [tried.adapterId, bestOfProject()].find((id) => id !== null && isIn(newest, id)) ?? null;
    if (asked === null || isIn(newest, asked)) return newest;
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
  // While the list is loading, none is chosen, and the pictures keep their predictions.
  watch(adapter, (now) => {
    if (now !== null) tried.use(now.id);
  });

  onScopeDispose(
    bridge.on('library', ({ part }) => {
      if (part === 'adapters') void adapters.reload();
    }),
  );
  return { adapters, chosen, adapter };
}

function isIn(adapters: readonly Adapter[], wanted: string): boolean {
  return adapters.some(({ id }) => id === wanted);
}
