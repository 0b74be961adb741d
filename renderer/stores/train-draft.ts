import * as v from 'valibot';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { t } from '../i18n.ts';
import { runStart, type RunStart, type RunView } from '../../shared/contract/window/runs.ts';
import { PRESETS, type PresetName } from '../../shared/domain/training.ts';
import { usedClasses } from '../../shared/domain/dataset-classes.ts';
import { DEFAULT_METHOD, type Method } from '../../shared/methods/registry.ts';
import { families } from '../../shared/models/registry.ts';
import type { BackboneTraits } from '../../shared/training/method-defaults.ts';
import { allSettings, configFrom } from '../../shared/training/config.ts';
import { flipObjection } from '../../shared/training/flip-rule.ts';
import {
  type AllSettings,
  type DefaultContext,
  SETTINGS,
  type SettingKey,
  defaultOf,
  isSettingKey,
  looseSettingsSchema,
  matters,
  settingValue,
} from '../../shared/training/settings.ts';
import type { FieldValue } from '../../shared/fields/field.ts';
import {
  differences,
  presetSettings,
  withChosen,
  withDefaults,
  withSetting,
} from '../domain/settings.ts';
import { useBackbones } from './backbones.ts';
import { useDatasets } from './datasets.ts';

const KEY = 'karst.train';

/** Settings of every method that the start of a run decides. */
const BOUND: ReadonlySet<SettingKey> = new Set(['method', 'initialize']);

/** The origin of the settings; changes are shown relative to it. */
export type Origin =
  | { readonly kind: 'preset'; readonly preset: PresetName }
  | {
      readonly kind: 'run';
      readonly id: string;
      readonly name: string;
      readonly settings: AllSettings;
      /** Whether the classes of the run allow flips. */
      readonly mayFlip: boolean;
      /** What defaults depend on of its backbone; null when that is no longer known. */
      readonly backbone: BackboneTraits | null;
    };

const STANDARD: DefaultContext = { method: DEFAULT_METHOD, mayFlip: true, backbone: null };

const presetNames = Object.keys(PRESETS) as [PresetName, ...PresetName[]];
const id = v.nullable(v.string());
const kept = v.object({
  projectId: id,
  datasetId: id,
  start: v.optional(v.nullable(runStart), null),
  backboneId: id,
  settings: looseSettingsSchema,
  chosen: v.optional(v.array(v.string()), []),
  origin: v.variant('kind', [
    v.object({ kind: v.literal('preset'), preset: v.picklist(presetNames) }),
    v.object({
      kind: v.literal('run'),
      id: v.string(),
      name: v.string(),
      settings: looseSettingsSchema,
      mayFlip: v.boolean(),
      backbone: v.nullable(
        v.object({
          imageSize: v.number(),
          family: v.picklist(families.map(({ family }) => family)),
          layerScale: v.boolean(),
        }),
      ),
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
  const datasets = useDatasets();
  const backbones = useBackbones();
  const projectId = ref(before?.projectId ?? null);
  const datasetId = ref(before?.datasetId ?? null);
  const backboneId = ref(before?.backboneId ?? null);
  const name = ref('');
  /** The adapter whose weights the run starts from; null for the backbone. */
  const start = shallowRef<RunStart | null>(before?.start ?? null);
  const origin = shallowRef<Origin>(before?.origin ?? { kind: 'preset', preset: 'standard' });
  const settings = shallowRef<AllSettings>(
    before?.settings ?? presetSettings('standard', STANDARD),
  );
  /** The latest run time based on a measurement; null before the first. */
  const lastSeconds = ref<number | null>(null);

  /** The settings of the run to be. */
  const config = computed(() => configFrom(settings.value));
  /** Rejected input of number fields; the settings are unchanged. */
  const typed = shallowRef<ReadonlyMap<SettingKey, string>>(new Map());
  const untaken = computed(() =>
    [...typed.value.keys()].filter((key) => matters(key, settings.value)),
  );

  /** Names of the classes to be learned; empty until the dataset is known. */
  const classes = computed(() => {
    const dataset = datasets.byId.get(datasetId.value ?? '');
    return dataset === undefined ? [] : usedClasses(dataset).map((one) => one.name);
  });
  const mayFlip = computed(() => flipObjection(classes.value) === null);
  const backbone = computed(() => backbones.traitsOf(backboneId.value));

  /** The default rate of the method on the backbone. */
  const usualRate = computed(() =>
    Number(defaultOf(SETTINGS['optimizer.learningRate'], contextOf(settings.value.method))),
  );
  /** The settings without changes. */
  const base = computed(() => baseOf(settings.value.method));
  /** Settings that someone chose here; they stay when the method is switched. */
  const chosen = shallowRef<ReadonlySet<SettingKey>>(new Set(before?.chosen.filter(isSettingKey)));
  const changed = computed(() =>
    differences(settings.value, base.value).filter((key) => matters(key, settings.value)),
  );

  /** Applies all settings of a preset, for the chosen method. */
  function startFromPreset(preset: PresetName): void {
    origin.value = { kind: 'preset', preset };
    resetAll();
  }

  /**
   * Copies a run's settings, dataset, backbone and project.
   * @param from the adapter that it started from; null for the backbone
   */
  function startFromRun(run: RunView, from: RunStart | null = null): void {
    const former = allSettings(run.config);
    origin.value = {
      ...{ kind: 'run', id: run.id, name: run.name, settings: former },
      mayFlip: flipObjection(run.classes) === null,
      backbone: backbones.traitsOf(run.backboneId),
    };
    datasetId.value = run.datasetId;
    backboneId.value = run.backboneId;
    projectId.value = run.projectId;
    start.value = from;
    resetAll(former.method);
  }

  /** Binds method, options and backbone to those of the adapter; the rest is as usual. */
  function startFromAdapter(next: RunStart): void {
    start.value = next;
    backboneId.value = next.backboneId ?? backboneId.value;
    datasetId.value = next.datasetId ?? datasetId.value;
    origin.value = { kind: 'preset', preset: 'standard' };
    resetAll(next.tuning.method);
  }

  /** The method and everything else stay as they are. */
  function startFromBackbone(): void {
    start.value = null;
  }

  /** Whether a setting is as the adapter was trained that the run starts from. */
  function isBound(key: SettingKey): boolean {
    return start.value !== null && (SETTINGS[key].method !== null || BOUND.has(key));
  }

  /** Says of a bound setting why it is. */
  const boundNote = computed(() =>
    start.value === null ? '' : t('train.from.bound', { name: start.value.adapterName }),
  );

  function setMethod(method: Method): void {
    settings.value = withChosen(baseOf(method), settings.value, chosen.value);
  }

  function baseOf(method: Method): AllSettings {
    const usual = settingsOf(origin.value, contextOf(method));
    if (start.value === null) return usual;
    const { tuning, imageSize, initialize } = start.value;
    return allSettings({ ...configFrom(usual), tuning, imageSize, initialize });
  }

  function contextOf(method: Method): DefaultContext {
    return { method, mayFlip: mayFlip.value, backbone: backbone.value };
  }

  // Other classes and backbones have other defaults. At once: the settings may be used next.
  watch([mayFlip, backbone], () => setMethod(settings.value.method), { flush: 'sync' });

  function set(key: SettingKey, value: FieldValue): void {
    settings.value = withSetting(settings.value, key, value);
    chosen.value = new Set([...chosen.value, key]);
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
    chosen.value = new Set([...chosen.value].filter((one) => one !== key));
  }

  /** The method stays. */
  function resetAll(method = settings.value.method): void {
    settings.value = baseOf(method);
    chosen.value = new Set();
    typed.value = new Map();
  }

  watch([projectId, datasetId, backboneId, start, settings, chosen, origin], () => {
    const now: Kept = {
      projectId: projectId.value,
      datasetId: datasetId.value,
      backboneId: backboneId.value,
      start: start.value,
      settings: settings.value,
      chosen: [...chosen.value],
      origin: origin.value,
    };
    sessionStorage.setItem(KEY, JSON.stringify(now));
  });

  return {
    projectId,
    datasetId,
    backboneId,
    name,
    start,
    origin,
    settings,
    config,
    classes,
    lastSeconds,
    base,
    usualRate,
    changed,
    typed,
    untaken,
    startFromPreset,
    startFromRun,
    startFromAdapter,
    startFromBackbone,
    isBound,
    boundNote,
    setMethod,
    set,
    setTyped,
    reset,
    resetAll,
  };
});

function settingsOf(origin: Origin, context: DefaultContext): AllSettings {
  if (origin.kind === 'preset') return presetSettings(origin.preset, context);
  const { settings, mayFlip, backbone } = origin;
  return withDefaults(settings, { method: settings.method, mayFlip, backbone }, context);
}
