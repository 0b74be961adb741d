import * as v from 'valibot';
import { familyOf, fits, nearestSide, type Architecture } from '../../../shared/models/registry.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import {
  TRAINING_DEFAULTS,
  type AugmentationOptions,
  type TrainingConfig,
} from '../../../shared/domain/training.ts';
import { isDefinedOn } from '../../../shared/methods/method.ts';
import { methodSpec } from '../../../shared/methods/registry.ts';
import { trainingSchema } from '../../../shared/training/config.ts';

/** A setting out of its limits, or incompatible with another. */
export interface SettingProblem {
  /** Dotted name. */
  readonly setting: string;
  readonly error: KarstError;
}

function problem(setting: string, sentence: string, hint: string): SettingProblem {
  return { setting, error: new KarstError('config-invalid', sentence, { hint }) };
}

function show(value: unknown): string {
  // Numbers that JSON cannot express, such as NaN.
  if (typeof value === 'number') return String(value);
  return value === undefined ? 'missing' : JSON.stringify(value);
}

/** The dotted name of a setting by its place in a run's settings. */
function settingAt(path: string | null, value: unknown): string {
  if (path === null) return 'the settings';
  const { tuning } = value as Partial<TrainingConfig>;
  const method = tuning?.method ?? 'tuning';
  return path.replace(/^tuning\.options(?=\.|$)/, method).replace(/^tuning\.method$/, 'method');
}

/** Checks settings against their limits, one problem each. */
function limitProblems(value: unknown): SettingProblem[] {
  const outcome = v.safeParse(trainingSchema, value);
  const found = new Map<string, SettingProblem>();
  for (const issue of outcome.issues ?? []) {
    const key = settingAt(v.getDotPath(issue), value);
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

/** After "must be". */
function sidesThatFit(architecture: Architecture): string {
  const { sizeStep, leastSize } = familyOf(architecture);
  const [step, least] = [sizeStep(architecture), leastSize(architecture)];
  return least > step
    ? `a multiple of ${step} and at least ${least}, so that the backbone's windows fit`
    : `a multiple of the backbone's patch size, ${step}`;
}

/** Checks settings against each other and the backbone. */
function* conflicts(
  config: TrainingConfig,
  architecture: Architecture,
  bare: boolean,
): Generator<SettingProblem> {
  const { schedule, imageSize, initialize, optimizer, patchDrop } = config;
  const { method } = config.tuning;
  if (schedule.warmupEpochs > schedule.epochs)
    yield problem(
      'schedule.warmupEpochs',
      `The setting "schedule.warmupEpochs" is ${schedule.warmupEpochs}; it must be at most "schedule.epochs", ${schedule.epochs}.`,
      'Choose a shorter warm-up or more epochs.',
    );
  if (imageSize !== 0 && !fits(architecture, imageSize))
    yield problem(
      'imageSize',
      `The setting "imageSize" is ${imageSize}; it must be ${sidesThatFit(architecture)}.`,
      `Choose ${nearestSide(architecture, imageSize)}, or 0 for the backbone's own size.`,
    );
  const { takesAnyPatches, title } = familyOf(architecture);
  if (patchDrop > 0 && !takesAnyPatches)
    yield problem(
      'patchDrop',
      `The setting "patchDrop" is ${patchDrop}; a ${title} attends in windows of all patches, so none can be left out.`,
      'Choose 0.',
    );
  const spec = methodSpec(method);
  if (!isDefinedOn(spec, architecture))
    yield problem(
      'method',
      `The setting "method" is "${method}"; ${spec.title} is not defined on a ${title}.`,
      'Choose another method, such as lora.',
    );
  const { scope } = spec;
  if (initialize === 'random' && scope !== 'model')
    yield problem(
      'initialize',
      `The setting "initialize" is "random" with the method "${method}"; only the method "full" trains from scratch.`,
      'Choose the method full, or initialize from the backbone.',
    );
  if (optimizer.name === 'muon' && scope !== 'model')
    yield problem(
      'optimizer.name',
      `The setting "optimizer.name" is "muon" with the method "${method}"; Muon trains the matrices of the blocks, which only the method "full" trains.`,
      'Choose the optimizer adamw, or the method full.',
    );
  if (bare && initialize !== 'random')
    yield problem(
      'initialize',
      'The setting "initialize" is "backbone", but an architecture without weights has none.',
      'Choose "random".',
    );
}

/** All problems of settings with valid types, at most one per setting. */
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
