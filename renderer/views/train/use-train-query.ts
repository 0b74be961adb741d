import * as v from 'valibot';
import { shallowRef, watch, type ShallowRef } from 'vue';
import type { LocationQuery, LocationQueryValue } from 'vue-router';
import type { RunStart } from '../../../shared/contract/window/runs.ts';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import type { FieldValue } from '../../../shared/fields/field.ts';
import { isSettingKey, SETTINGS, type SettingKey } from '../../../shared/training/settings.ts';
import { useBridge } from '../../bridge/index.ts';
import { useBackbones } from '../../stores/backbones.ts';
import { useDatasets } from '../../stores/datasets.ts';
import { useProjects } from '../../stores/projects.ts';
import { useTrainDraft } from '../../stores/train-draft.ts';

function one(value: LocationQueryValue | readonly LocationQueryValue[] | undefined): string | null {
  const first = Array.isArray(value) ? (value[0] as LocationQueryValue) : value;
  return typeof first === 'string' && first !== '' ? first : null;
}

/** Settings of the query, `key=JSON`; others are left out. */
function settingsIn(query: LocationQuery): Map<SettingKey, FieldValue> {
  const found = new Map<SettingKey, FieldValue>();
  for (const text of [query['set']].flat()) {
    const [key = '', json = ''] = text?.split(/=(.*)/s) ?? [];
    if (!isSettingKey(key)) continue;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), SETTINGS[key].schema), json);
    if (parsed.success) found.set(key, parsed.output);
  }
  return found;
}

/**
 * Applies the query (`?project`, `?dataset`, `?backbone`, `?from`: a run, `?adapter`, `?set`) to
 * the draft, and fills the rest from the project, or with the only choice. `?field` names one to
 * look at.
 *
 * @param taken called when the query is no longer needed, with the settings to look at
 */
export function useTrainQuery(
  query: () => LocationQuery,
  taken: (look: readonly SettingKey[]) => void,
): {
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** Name of the run whose settings were taken, when the adapter that it started from is gone. */
  readonly lost: Readonly<ShallowRef<string | null>>;
} {
  const bridge = useBridge();
  const draft = useTrainDraft();
  const datasets = useDatasets();
  const backbones = useBackbones();
  const projects = useProjects();
  const error = shallowRef<ErrorReport | null>(null);
  const lost = shallowRef<string | null>(null);

  const startOf = (adapterId: string): Promise<RunStart> =>
    bridge.call('runs.start', { adapterId, datasetId: null });

  async function take(asked: LocationQuery): Promise<void> {
    // The page drops a query that was taken; what there was to say stays.
    if (Object.keys(asked).length > 0) {
      error.value = null;
      lost.value = null;
    }
    const from = one(asked['from']);
    const adapterId = one(asked['adapter']);
    try {
      if (from !== null) await takeRun(from);
      if (adapterId !== null) draft.startFromAdapter(await startOf(adapterId));
    } catch (thrown) {
      error.value = toErrorReport(thrown);
    }
    const askedProject = one(asked['project']);
    if (askedProject !== null) {
      // Another project has its own images and backbone.
      if (askedProject !== draft.projectId) draft.datasetId = null;
      draft.projectId = askedProject;
    }
    draft.datasetId = one(asked['dataset']) ?? draft.datasetId;
    draft.backboneId = one(asked['backbone']) ?? draft.backboneId;
    await Promise.all([datasets.ensure(), backbones.ensure(), projects.ensure()]);
    chooseTheRest();
    const set = settingsIn(asked);
    for (const [key, value] of set) draft.set(key, value);
    const field = one(asked['field']);
    taken([...set.keys(), ...(field !== null && isSettingKey(field) ? [field] : [])]);
  }

  async function takeRun(id: string): Promise<void> {
    // Lists do not follow what becomes of an adapter. What was usual depends on the backbone.
    const [run] = await Promise.all([bridge.call('runs.get', { id }), backbones.ensure()]);
    const { parent } = run;
    draft.startFromRun(run, parent?.inLibrary === true ? await startOf(parent.id) : null);
    if (parent?.inLibrary === false) lost.value = run.name;
  }

  function chooseTheRest(): void {
    draft.projectId ??= projects.current?.id ?? null;
    const project = draft.projectId === null ? null : projects.byId.get(draft.projectId);
    draft.datasetId ??= project?.datasetIds[0] ?? only(datasets.items);
    draft.backboneId ??= project?.backboneId ?? starter() ?? only(backbones.items);
  }

  function starter(): string | null {
    return backbones.items.find((backbone) => backbone.starter)?.id ?? null;
  }

  watch(query, (asked) => void take(asked), { immediate: true });
  return { error, lost };
}

function only(items: readonly { readonly id: string }[]): string | null {
  return items.length === 1 ? (items[0]?.id ?? null) : null;
}
