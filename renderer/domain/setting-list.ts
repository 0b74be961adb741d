import {
  MATMUL_PRECISIONS,
  OPTIMIZERS,
  RECOMPUTE,
  type TrainingConfig,
} from '../../shared/domain/training.ts';
import type { Field, FieldLimits } from '../../shared/fields/field.ts';
import {
  METHOD_NAMES,
  METHODS_WITH_OPTIONS,
  methodSpec,
  type MethodGroups,
} from '../../shared/methods/registry.ts';

/** Dotted names of all settings of a run. */
type Leaves<T> = {
  [K in keyof T & string]: T[K] extends string | number | boolean | readonly unknown[]
    ? K
    : `${K}.${Leaves<T[K]>}`;
}[keyof T & string];
export type SettingKey = Leaves<TrainingConfig>;
export type SettingValue = string | number | boolean | readonly string[];

export const SETTING_GROUPS = [
  'basics',
  ...METHODS_WITH_OPTIONS.map(({ name }) => name),
  'optimizer',
  'schedule',
  'augmentation',
  'regularisation',
  'run',
] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

interface NumberLimits {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** By how much the arrows of the field change it; `times` for values of many magnitudes. */
  readonly step: number | 'times';
  /** The limit itself is not allowed. */
  readonly minExcluded?: true;
  readonly maxExcluded?: true;
}

export type SettingLimits =
  | NumberLimits
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'several'; readonly choices: readonly string[] }
  | { readonly kind: 'flag' };

/** What the form needs to know of a setting; its words are in the locale files under the same name. */
export interface SettingInfo {
  readonly group: SettingGroup;
  readonly limits: SettingLimits;
  /** Whether it has any effect beside the other settings; left out: always. */
  readonly matters?: (config: TrainingConfig) => boolean;
}

function whole(min: number, max: number, step = 1): NumberLimits {
  return { kind: 'number', min, max, whole: true, step };
}

function real(min: number, max: number, step: number | 'times'): NumberLimits {
  return { kind: 'number', min, max, whole: false, step };
}

function above(min: number, max: number, step: number | 'times'): NumberLimits {
  return { ...real(min, max, step), minExcluded: true };
}

function below(max: number, step: number | 'times'): NumberLimits {
  return { ...real(0, max, step), maxExcluded: true };
}

function oneOf(choices: readonly string[]): SettingLimits {
  return { kind: 'choice', choices };
}

const FLAG: SettingLimits = { kind: 'flag' };

const isFull = ({ method }: TrainingConfig): boolean => methodSpec(method).scope === 'model';
const trainsBlocks = ({ method }: TrainingConfig): boolean => methodSpec(method).scope !== 'head';
const warmsUp = (config: TrainingConfig): boolean => config.schedule.warmupEpochs > 0;

function limitsOf({ limits, step }: { limits: FieldLimits; step?: Field['step'] }): SettingLimits {
  if (limits.kind !== 'number') return limits;
  const { special, min, ...rest } = limits;
  const by = step === 'tenth' ? 'times' : (step ?? 1);
  return { ...rest, min: Math.min(min, special?.value ?? min), step: by };
}

/** Every option of every method, by its dotted name. */
export const METHOD_FIELDS: ReadonlyMap<string, Field> = new Map(
  METHODS_WITH_OPTIONS.flatMap(({ name: method, options }) =>
    Object.entries<Field>(options.fields).map(
      ([name, field]) => [`${method}.${name}`, field] as const,
    ),
  ),
);

const METHOD_SETTINGS = Object.fromEntries(
  [...METHOD_FIELDS].map(([key, field]) => {
    const group = key.slice(0, key.indexOf('.'));
    const matters = ({ method }: TrainingConfig): boolean => method === group;
    return [key, { group, limits: limitsOf(field), matters }];
  }),
) as Readonly<Record<Leaves<MethodGroups>, SettingInfo>>;

/** Every setting with its limits, which are those that the host checks, in the order of the form. */
export const SETTINGS: Readonly<Record<SettingKey, SettingInfo>> = {
  method: { group: 'basics', limits: oneOf(METHOD_NAMES) },
  'schedule.epochs': { group: 'basics', limits: whole(1, 100_000) },
  batchSize: { group: 'basics', limits: whole(1, 65_536) },
  'optimizer.learningRate': { group: 'basics', limits: above(0, 10, 'times') },
  imageSize: { group: 'basics', limits: whole(0, 4096, 16) },

  ...METHOD_SETTINGS,

  'optimizer.name': { group: 'optimizer', limits: oneOf(OPTIMIZERS), matters: isFull },
  'optimizer.muonLearningRate': {
    group: 'optimizer',
    limits: above(0, 10, 'times'),
    matters: (config) => isFull(config) && config.optimizer.name === 'muon',
  },
  'optimizer.weightDecay': { group: 'optimizer', limits: real(0, 10, 'times') },
  'optimizer.decayOn': {
    group: 'optimizer',
    limits: oneOf(['matrices', 'all']),
    matters: (config) => config.optimizer.weightDecay > 0,
  },
  'optimizer.clipNorm': { group: 'optimizer', limits: real(0, 1e6, 0.5) },
  'optimizer.beta1': { group: 'optimizer', limits: below(1, 0.01) },
  'optimizer.beta2': { group: 'optimizer', limits: below(1, 0.001) },
  'optimizer.epsilon': { group: 'optimizer', limits: above(0, 1, 'times') },
  accumulate: { group: 'optimizer', limits: whole(1, 65_536) },

  'schedule.warmupEpochs': { group: 'schedule', limits: real(0, 100_000, 1) },
  'schedule.warmupStart': { group: 'schedule', limits: real(0, 1, 0.01), matters: warmsUp },
  'schedule.cosineEnd': { group: 'schedule', limits: real(0, 1, 0.01) },
  earlyStopping: { group: 'schedule', limits: whole(0, 100_000) },

  'augmentation.flip': { group: 'augmentation', limits: FLAG },
  'augmentation.cropScaleMin': { group: 'augmentation', limits: above(0, 1, 0.05) },
  'augmentation.padCrop': { group: 'augmentation', limits: whole(0, 1024) },
  'augmentation.rotation': { group: 'augmentation', limits: real(0, 180, 5) },
  'augmentation.colorJitter': { group: 'augmentation', limits: real(0, 1, 0.05) },
  'augmentation.randAugmentOps': { group: 'augmentation', limits: whole(0, 16) },
  'augmentation.randAugmentMagnitude': {
    group: 'augmentation',
    limits: real(0, 10, 1),
    matters: (config) => config.augmentation.randAugmentOps > 0,
  },
  'augmentation.mixup': { group: 'augmentation', limits: real(0, 100, 0.1) },

  labelSmoothing: { group: 'regularisation', limits: below(1, 0.05) },
  dropPath: { group: 'regularisation', limits: below(1, 0.05), matters: trainsBlocks },
  patchDrop: { group: 'regularisation', limits: real(0, 0.9, 0.05), matters: trainsBlocks },
  classWeightPower: { group: 'regularisation', limits: real(0, 1, 0.1) },

  matmulPrecision: { group: 'run', limits: oneOf(MATMUL_PRECISIONS) },
  seed: { group: 'run', limits: whole(0, Number.MAX_SAFE_INTEGER) },
  initialise: { group: 'run', limits: oneOf(['backbone', 'random']), matters: isFull },
  validateEvery: { group: 'run', limits: whole(1, 100_000) },
  checkpointEverySeconds: { group: 'run', limits: real(1, 1e9, 30) },
  keepCheckpoints: { group: 'run', limits: whole(1, 1000) },
  recompute: { group: 'run', limits: oneOf(RECOMPUTE), matters: trainsBlocks },
};

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** The settings of a group that have an effect beside the others; the method is chosen apart from them. */
export function settingsOf(group: SettingGroup, config: TrainingConfig): SettingKey[] {
  return SETTING_KEYS.filter(
    (key) => key !== 'method' && SETTINGS[key].group === group && matters(key, config),
  );
}

export function matters(key: SettingKey, config: TrainingConfig): boolean {
  return SETTINGS[key].matters?.(config) ?? true;
}

export function isSettingKey(name: string): name is SettingKey {
  return Object.hasOwn(SETTINGS, name);
}
