import * as v from 'valibot';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { RunView } from '../../shared/contract/window/runs.ts';
import { looseTrainingSchema } from '../../shared/training/settings.ts';
import { PRESETS, type PresetName, type TrainingConfig } from '../../shared/domain/training.ts';
import { type SettingKey, matters, settingValue } from '../../shared/training/settings.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import { differences, presetConfig, withMethod, withSetting } from '../domain/config.ts';

const KEY = 'karst.train';

/** The origin of the settings; changes are shown relative to it. */
export type Origin =
  | { readonly kind: 'preset'; readonly preset: PresetName }
  | {
      readonly kind: 'run';
      readonly id: string;
      readonly name: string;
      readonly config: TrainingConfig;
    };

const presetNames = Object.keys(PRESETS) as [PresetName, ...PresetName[]];
const id = v.nullable(v.string());
const kept = v.object({
  projectId: id,
  datasetId: id,
  backboneId: id,
  config: looseTrainingSchema,
  origin: v.variant('kind', [
    v.object({ kind: v.literal('preset'), preset: v.picklist(presetNames) }),
    v.object({
      kind: v.literal('run'),
      id: v.string(),
      name: v.string(),
      config: looseTrainingSchema,
    }),
  ]),
});
type Kept = v.InferOutput<typeof kept>;

/**
 * The draft saved when the page was last left; null if there is none or another version saved it.
 */
function remembered(): Kept | null {
  const text = sessionStorage.getItem(KEY);
  if (text === null) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), kept), text);
  return parsed.success ? parsed.output : null;
}

/** The draft of a training. Kept while other views are open. */
export const useTrainDraft = defineStore('train-draft', () => {
  const before = remembered();
  const projectId = ref(before?.projectId ?? null);
  const datasetId = ref(before?.datasetId ?? null);
  const backboneId = ref(before?.backboneId ?? null);
  const name = ref('');
  const origin = shallowRef<Origin>(before?.origin ?? { kind: 'preset', preset: 'standard' });
  const config = shallowRef<TrainingConfig>(before?.config ?? presetConfig('standard'));
  /** The latest run time based on a measurement; null before the first. */
  const lastSeconds = ref<number | null>(null);

  /** Rejected input of number fields; the settings are unchanged. */
  const typed = shallowRef<ReadonlyMap<SettingKey, string>>(new Map());
  const untaken = computed(() =>
    [...typed.value.keys()].filter((key) => matters(key, config.value)),
  );

  /** The settings without changes. */
  const base = computed(() => withMethod(configOf(origin.value), config.value.method));
  const changed = computed(() =>
    differences(config.value, base.value).filter((key) => matters(key, config.value)),
  );

  /** Applies all settings of a preset, for the chosen method. */
  function startFromPreset(preset: PresetName): void {
    origin.value = { kind: 'preset', preset };
    config.value = base.value;
    typed.value = new Map();
  }

  /** Copies a run's settings, dataset, backbone and project. */
  function startFromRun(run: RunView): void {
    origin.value = { kind: 'run', id: run.id, name: run.name, config: run.config };
    config.value = run.config;
    typed.value = new Map();
    datasetId.value = run.datasetId;
    backboneId.value = run.backboneId;
    projectId.value = run.projectId;
  }

  function setMethod(method: TrainingConfig['method']): void {
    config.value = withMethod(config.value, method);
  }

  function set(key: SettingKey, value: FieldValue): void {
    config.value = withSetting(config.value, key, value);
    setTyped(key, null);
  }

  /** @param text rejected input that the field shows; null if it shows the number */
  function setTyped(key: SettingKey, text: string | null): void {
    const next = new Map(typed.value);
    if (text === null) next.delete(key);
    else next.set(key, text);
    typed.value = next;
  }

  function reset(key: SettingKey): void {
    set(key, settingValue(base.value, key));
  }

  function resetAll(): void {
    config.value = base.value;
    typed.value = new Map();
  }

  watch([projectId, datasetId, backboneId, config, origin], () => {
    const now: Kept = {
      projectId: projectId.value,
      datasetId: datasetId.value,
      backboneId: backboneId.value,
      config: config.value,
      origin: origin.value,
    };
    sessionStorage.setItem(KEY, JSON.stringify(now));
  });

  return {
    projectId,
    datasetId,
    backboneId,
    name,
    origin,
    config,
    lastSeconds,
    base,
    changed,
    typed,
    untaken,
    startFromPreset,
    startFromRun,
    setMethod,
    set,
    setTyped,
    reset,
    resetAll,
  };
});

function configOf(origin: Origin): TrainingConfig {
  return origin.kind === 'preset' ? presetConfig(origin.preset) : origin.config;
}
