import { computed, onScopeDispose, ref, watch, type ComputedRef, type Ref } from 'vue';
import type { Adapter } from '../../../shared/domain/library.ts';
import type { Predictor } from '../../../shared/domain/predictor.ts';
import { useBridge } from '../../bridge/index.ts';
import { useLoad, type Load } from '../../composables/use-load.ts';
import { bestRun } from '../../domain/best-run.ts';
import { NO_ADAPTER_FILTER } from '../../stores/adapters.ts';
import { useProjects } from '../../stores/projects.ts';
import { useRuns } from '../../stores/runs.ts';
import { useTried } from '../../stores/tried.ts';

/** Limit of the list; older adapters are reached from the library. */
const NEWEST = 200;

/** What can be tried. */
export interface Tryable extends Predictor {
  readonly name: string;
  readonly classes: number;
  /** null for a backbone. */
  readonly adapter: Adapter | null;
}

export interface PredictorChoice {
  readonly tryables: Load<readonly Tryable[]>;
  readonly chosen: Ref<string | null>;
  readonly tryable: ComputedRef<Tryable | null>;
}

/**
 * The model in use: the requested one, else the one used before, else the best adapter of the
 * current project, else the newest. Backbones with a head of their own come after the adapters.
 */
export function usePredictorChoice(asked: string | null): PredictorChoice {
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

  async function backbonesWithHeads(): Promise<Tryable[]> {
    const details = await bridge.call('backbones.list', {});
    return details.flatMap(({ backbone: { id, name, architecture }, starter }): Tryable[] =>
      architecture.classes === 0 || starter
        ? []
        : [{ kind: 'backbone', id, name, classes: architecture.classes, adapter: null }],
    );
  }

  const tryables = useLoad(async () => {
    await Promise.all([projects.ensure(), runs.ensure()]);
    const page = { filter: NO_ADAPTER_FILTER, offset: 0, limit: NEWEST };
    const { adapters } = await bridge.call('adapters.list', page);
    const listed = [...adapters.map(ofAdapter), ...(await backbonesWithHeads())];
    wanted.value ??=
      [tried.model?.id ?? null, bestOfProject()].find((id) => id !== null && isIn(listed, id)) ??
      null;
    if (asked === null || isIn(listed, asked)) return listed;
    const { adapter } = await bridge.call('adapters.get', { id: asked });
    return [ofAdapter(adapter), ...listed];
  });
  const chosen = computed({
    get: () => wanted.value ?? tryables.data.value?.[0]?.id ?? null,
    set: (id) => {
      wanted.value = id;
    },
  });
  const tryable = computed(
    () => tryables.data.value?.find(({ id }) => id === chosen.value) ?? null,
  );
  // While the list is loading, none is chosen, and the pictures keep their predictions.
  watch(tryable, (now) => {
    if (now !== null) tried.use({ kind: now.kind, id: now.id });
  });

  onScopeDispose(
    bridge.on('library', ({ part }) => {
      if (part === 'adapters' || part === 'backbones') void tryables.reload();
    }),
  );
  return { tryables, chosen, tryable };
}

function ofAdapter(adapter: Adapter): Tryable {
  const { id, name, classes } = adapter;
  return { kind: 'adapter', id, name, classes: classes.length, adapter };
}

function isIn(listed: readonly Tryable[], wanted: string): boolean {
  return listed.some(({ id }) => id === wanted);
}
