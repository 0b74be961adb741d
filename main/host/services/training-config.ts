import * as v from 'valibot';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  MATMUL_PRECISIONS,
  OPTIMIZERS,
  RECOMPUTE,
  TRAINING_DEFAULTS,
  type AugmentationOptions,
  type TrainingConfig,
} from '../../../shared/domain/training.ts';
import { METHOD_NAMES, methodSpec } from '../../../shared/methods/registry.ts';
import { OPTION_SCHEMAS } from '../../../shared/methods/schemas.ts';

/**
 * 100,000 for 100000. Not by `toLocaleString`: the first call of that loads the data of all languages, a tenth of the time that a
 * short command takes.
 */
const grouped = (whole: number): string => String(whole).replace(/\B(?=(\d{3})+$)/g, ',');

/** Every setting with its limits; the messages finish the sentence "… must be". */
const whole = (min: number, max: number) => {
  const message = `a whole number from ${min} to ${grouped(max)}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
};
const real = (min: number, max: number) => {
  const message = `a number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};
const above = (min: number, max: number) => {
  const message = `a number above ${min}, at most ${max}`;
  return v.pipe(v.number(message), v.gtValue(min, message), v.maxValue(max, message));
};
const below = (max: number) => {
  const message = `a number from 0 to below ${max}`;
  return v.pipe(v.number(message), v.minValue(0, message), v.ltValue(max, message));
};
const oneOf = <const T extends readonly string[]>(words: T) =>
  v.picklist(words, `one of ${words.join(', ')}`);
const flag = v.boolean('true or false');

const schema = v.strictObject({
  method: oneOf(METHOD_NAMES),
  ...OPTION_SCHEMAS,
  optimizer: v.strictObject({
    name: oneOf(OPTIMIZERS),
    learningRate: above(0, 10),
    muonLearningRate: above(0, 10),
    weightDecay: real(0, 10),
    decayOn: oneOf(['matrices', 'all']),
    beta1: below(1),
    beta2: below(1),
    epsilon: above(0, 1),
    clipNorm: real(0, 1e6),
  }),
  schedule: v.strictObject({
    epochs: whole(1, 100_000),
    warmupEpochs: real(0, 100_000),
    warmupStart: real(0, 1),
    cosineEnd: real(0, 1),
  }),
  augmentation: v.strictObject({
    cropScaleMin: above(0, 1),
    padCrop: whole(0, 1024),
    flip: flag,
    colorJitter: real(0, 1),
    rotation: real(0, 180),
    randAugmentOps: whole(0, 16),
    randAugmentMagnitude: real(0, 10),
    mixup: real(0, 100),
  }),
  batchSize: whole(1, 65_536),
  matmulPrecision: oneOf(MATMUL_PRECISIONS),
  accumulate: whole(1, 65_536),
  labelSmoothing: below(1),
  dropPath: below(1),
  patchDrop: real(0, 0.9),
  classWeightPower: real(0, 1),
  earlyStopping: whole(0, 100_000),
  imageSize: whole(0, 4096),
  initialise: oneOf(['backbone', 'random']),
  seed: whole(0, Number.MAX_SAFE_INTEGER),
  checkpointEverySeconds: real(1, 1e9),
  keepCheckpoints: whole(1, 1000),
  validateEvery: whole(1, 100_000),
  recompute: oneOf(RECOMPUTE),
});

/** A setting that is out of its limits, or does not go with another. */
export interface SettingProblem {
  /** Dotted name. */
  readonly setting: string;
  readonly error: KarstError;
}

function problem(setting: string, sentence: string, hint: string): SettingProblem {
  return { setting, error: new KarstError('config-invalid', sentence, { hint }) };
}

function show(value: unknown): string {
  // Numbers that JSON has no word for, such as NaN, keep theirs.
  if (typeof value === 'number') return String(value);
  return value === undefined ? 'missing' : JSON.stringify(value);
}

/** Settings against their limits, one problem each. */
function limitProblems(value: unknown): SettingProblem[] {
  const outcome = v.safeParse(schema, value);
  const found = new Map<string, SettingProblem>();
  for (const issue of outcome.issues ?? []) {
    const key = v.getDotPath(issue) ?? 'the settings';
    if (found.has(key)) continue;
    if (issue.type === 'strict_object' && issue.expected === 'never')
      found.set(key, problem(key, `There is no setting "${key}".`, 'Check its spelling.'));
    else if (issue.type === 'strict_object')
      found.set(
        key,
        problem(key, `The setting "${key}" is ${show(issue.input)}.`, 'Give it a value.'),
      );
    else
      found.set(
        key,
        problem(
          key,
          `The setting "${key}" is ${show(issue.input)}; it must be ${issue.message}.`,
          `Choose ${issue.message}.`,
        ),
      );
  }
  return [...found.values()];
}

/** Settings against each other and against the backbone. */
function* conflicts(
  config: TrainingConfig,
  architecture: Architecture,
  bare: boolean,
): Generator<SettingProblem> {
  const { schedule, imageSize, method, initialise, optimizer } = config;
  const patchSize = familyOf(architecture).sizeStep(architecture);
  if (schedule.warmupEpochs > schedule.epochs)
    yield problem(
      'schedule.warmupEpochs',
      `The setting "schedule.warmupEpochs" is ${schedule.warmupEpochs}; it must be at most the ${schedule.epochs} epochs of "schedule.epochs".`,
      'Choose a shorter warm-up or more epochs.',
    );
  if (imageSize % patchSize !== 0)
    yield problem(
      'imageSize',
      `The setting "imageSize" is ${imageSize}; it must be a multiple of the backbone's patch size, ${patchSize}.`,
      `Choose ${Math.max(1, Math.round(imageSize / patchSize)) * patchSize}, or 0 for the backbone's own size.`,
    );
  const { scope } = methodSpec(method);
  if (initialise === 'random' && scope !== 'model')
    yield problem(
      'initialise',
      `The setting "initialise" is "random" with the method "${method}"; only the method "full" trains from scratch.`,
      'Choose the method full, or initialise from the backbone.',
    );
  if (optimizer.name === 'muon' && scope !== 'model')
    yield problem(
      'optimizer.name',
      `The setting "optimizer.name" is "muon" with the method "${method}"; Muon trains the matrices of the blocks, which only the method "full" trains.`,
      'Choose the optimizer adamw, or the method full.',
    );
  if (bare && initialise !== 'random')
    yield problem(
      'initialise',
      'The setting "initialise" is "backbone", but a bare shape has no weights.',
      'Choose "random".',
    );
}

/** Everything that is wrong with settings whose types are right, at most one problem a setting. */
export function trainingProblems(
  config: TrainingConfig,
  architecture: Architecture,
): SettingProblem[] {
  const found = limitProblems(config);
  const named = new Set(found.map(({ setting }) => setting));
  const others = [...conflicts(config, architecture, false)];
  return [...found, ...others.filter(({ setting }) => !named.has(setting))];
}

/** @throws config-invalid naming the key, the value and the limits */
export function validateAugmentation(augmentation: AugmentationOptions): void {
  const [first] = limitProblems({ ...TRAINING_DEFAULTS, augmentation });
  if (first !== undefined) throw first.error;
}

/**
 * Checks settings against their limits and against each other.
 * @throws config-invalid naming the key, the value and the limits
 */
export function validateTrainingConfig(
  value: unknown,
  architecture: Architecture,
  bare = false,
): TrainingConfig {
  const [first] = limitProblems(value);
  if (first !== undefined) throw first.error;
  const config = value as TrainingConfig;
  for (const { error } of conflicts(config, architecture, bare)) throw error;
  return config;
}
