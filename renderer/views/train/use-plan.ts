import { computed, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import { refDebounced } from '@vueuse/core';
import type { RunPlan } from '../../../shared/contract/window/runs.ts';
import type { Task } from '../../../shared/contract/window/tasks.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { type SettingKey, isSettingKey } from '../../../shared/training/settings.ts';
import { useBridge } from '../../bridge/index.ts';
import { useAction } from '../../composables/use-action.ts';
import { useLoad } from '../../composables/use-load.ts';
import { useTasks } from '../../stores/tasks.ts';
import { useTrainDraft } from '../../stores/train-draft.ts';

/** Debounce while typing or stepping. */
const QUIET_MS = 250;

export interface PlanOfDraft {
  /** The plan of the latest debounced settings; null until a backbone is chosen. */
  readonly plan: Readonly<ShallowRef<RunPlan | null>>;
  readonly error: Readonly<ShallowRef<ErrorReport | null>>;
  /** Computing takes noticeably long. */
  readonly slow: Readonly<Ref<boolean>>;
  /** Settings that prevent a run. */
  readonly problems: ComputedRef<ReadonlyMap<SettingKey, ErrorReport>>;
  /** A dataset that prevents a run; null if its images are usable. */
  readonly datasetProblem: ComputedRef<ErrorReport | null>;
  /** Valid but unlikely settings. */
  readonly warnings: ComputedRef<RunPlan['problems']>;
  /** The running measurement. */
  readonly measuring: ComputedRef<Task | null>;
  readonly measureError: Readonly<ShallowRef<ErrorReport | null>>;
  measure(): Promise<unknown>;
}

/** The plan of the edited settings, updated shortly after each change. */
export function usePlan(): PlanOfDraft {
  const bridge = useBridge();
  const draft = useTrainDraft();
  const tasks = useTasks();
  const asked = refDebounced(
    computed(() => ({
      backboneId: draft.backboneId,
      datasetId: draft.datasetId,
      config: draft.config,
    })),
    QUIET_MS,
  );

  const { data, error, slow, reload } = useLoad(async () => {
    const { backboneId, datasetId, config } = asked.value;
    return backboneId === null ? null : bridge.call('runs.plan', { backboneId, datasetId, config });
  }, asked);

  watch(data, (plan) => {
    if (plan !== null && plan.seconds !== null) draft.lastSeconds = plan.seconds;
  });

  const measureId = shallowRef<string | null>(null);
  const measuring = computed(() =>
    measureId.value === null
      ? null
      : (tasks.running.find((task) => task.id === measureId.value) ?? null),
  );
  const { run: measure, error: measureError } = useAction(
    async () => {
      const { backboneId, datasetId, config } = draft;
      if (backboneId === null || datasetId === null) return;
      const task = await bridge.call('runs.benchmark', { backboneId, datasetId, config });
      measureId.value = task.id;
      await tasks.follow(task, { quiet: true });
      await reload();
    },
    { inline: true },
  );

  const errors = computed(() =>
    (data.value?.problems ?? []).filter(({ severity }) => severity === 'error'),
  );
  const problems = computed(() => {
    const found = new Map<SettingKey, ErrorReport>();
    for (const { setting, error: problem } of errors.value) {
      if (isSettingKey(setting)) found.set(setting, problem);
    }
    return found;
  });
  const datasetProblem = computed(
    () => errors.value.find(({ setting }) => !isSettingKey(setting))?.error ?? null,
  );
  const warnings = computed(() =>
    (data.value?.problems ?? []).filter(({ severity }) => severity === 'warning'),
  );

  return {
    plan: data,
    error,
    slow,
    problems,
    datasetProblem,
    warnings,
    measuring,
    measureError,
    measure,
  };
}

/** Id of a setting's field, for scrolling and focus. */
export function fieldId(key: SettingKey): string {
  return `setting-${key.replace('.', '-')}`;
}
