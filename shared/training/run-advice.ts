import type { FieldValue } from '../fields/field.ts';
import { accuracyInterval, standardError } from './accuracy-error.ts';
import { allSettings, type TrainingConfig } from './config.ts';
import { flipObjection } from './flip-rule.ts';
import { METHOD_DEFAULTS } from './method-defaults.ts';
import { defaultOf, SETTINGS, type SettingKey } from './settings.ts';

/** What the curves of a training mean, and what to try. */

export const ADVICE_KINDS = [
  'diverging',
  'no-learning',
  'unstable',
  'memorises',
  'improving',
  'few-validation',
  'early-best',
] as const;
export type AdviceKind = (typeof ADVICE_KINDS)[number];

export const REMEDY_KINDS = [
  'rate',
  'crop',
  'crop-flip',
  'flip',
  'regularise',
  'extend',
  'more-validation',
  'early-stopping',
] as const;
export type RemedyKind = (typeof REMEDY_KINDS)[number];

/** A number of a sentence, and how it is written. */
export interface Figure {
  readonly value: number;
  readonly as: 'percent' | 'count' | 'number';
}

export interface Change {
  readonly key: SettingKey;
  readonly value: FieldValue;
}

export interface Advice {
  readonly kind: AdviceKind;
  readonly remedy: RemedyKind;
  /** Of both sentences, by their names in `ADVICE_WORDS`. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Settings to try; empty where the remedy is no setting. */
  readonly changes: readonly Change[];
}

export interface Validation {
  readonly epoch: number;
  readonly top1: number;
  readonly best: boolean;
}

/** The history of a run so far, accuracies from 0 to 1. */
export interface Curves {
  /** One entry per update, in order; `epoch` is how far the run was after it. */
  readonly train: Readonly<Record<'epoch' | 'loss' | 'top1', ArrayLike<number>>>;
  readonly validations: readonly Validation[];
}

export interface AdvisedRun {
  readonly config: TrainingConfig;
  readonly classes: readonly string[];
  readonly counts: { readonly train: number; readonly val: number };
  /** Whether no more epochs will follow. */
  readonly ended: boolean;
}

/** Sentences at a time. */
const MOST = 2;
/** Epochs after the warm-up before curves mean anything. */
const SETTLING = 2;
/** Above this, differences are hardly chance: 2 standard errors are 95 %, 3 are 99.7 %. */
const LIKELY = 2;
const CERTAIN = 3;
/** A training loss below this part of that of guessing has learned something. */
const LEARNED = 0.9;
/** A gap between training and validation that is worth closing. */
const NOTABLE_GAP = 0.1;
/** Half the width of an interval in which two runs can hardly be told apart. */
const WIDE_INTERVAL = 0.1;
/** Epochs whose later half may be called useless. */
const MANY_EPOCHS = 6;
/** Least patience of early stopping. */
const PATIENCE = 3;
const MOST_DECAY = 0.3;

/** At most two remarks, the most useful first; none before the curves have settled. */
export function adviseRun(run: AdvisedRun, curves: Curves): readonly Advice[] {
  const facts = factsOf(run, curves);
  if (facts === null) return [];
  const broken = diverging(facts) ?? noLearning(facts) ?? unstable(facts);
  if (broken !== null) return [broken];
  if (!run.ended) return [memorises(facts)].filter((one) => one !== null);
  const memory = memorises(facts);
  const found = [
    memory,
    improving(facts),
    fewValidation(facts),
    memory === null ? earlyBest(facts) : null,
  ];
  return found.filter((one) => one !== null).slice(0, MOST);
}

interface Facts {
  readonly run: AdvisedRun;
  readonly validations: readonly Validation[];
  readonly best: Validation;
  /** Whole epochs done. */
  readonly epochs: number;
  /** Means over the last whole epoch. */
  readonly trainLoss: number;
  readonly trainTop1: number;
  readonly chance: number;
}

/** null while there is too little to judge. */
function factsOf(run: AdvisedRun, { train, validations }: Curves): Facts | null {
  const { length } = train.epoch;
  // Epochs are sums of fractions.
  const epochs = Math.floor((train.epoch[length - 1] ?? 0) + 1e-6);
  const best = validations.findLast((one) => one.best);
  const settled = run.config.schedule.warmupEpochs + SETTLING;
  if (best === undefined || run.counts.val === 0 || run.classes.length < 2) return null;
  if (epochs < Math.min(settled, run.ended ? run.config.schedule.epochs : Infinity)) return null;
  let [loss, top1, count] = [0, 0, 0];
  for (let i = length - 1; i >= 0 && train.epoch[i]! > epochs - 1 + 1e-6; i--) {
    if (train.epoch[i]! > epochs + 1e-6) continue;
    loss += train.loss[i]!;
    top1 += train.top1[i]!;
    count++;
  }
  if (count === 0) return null;
  const chance = 1 / run.classes.length;
  return {
    ...{ run, validations, best, epochs, chance },
    ...{ trainLoss: loss / count, trainTop1: top1 / count },
  };
}

/** It has learned and lost it: the loss of knowing nothing is the logarithm of the classes. */
function diverging({ run, best, trainLoss, chance }: Facts): Advice | null {
  if (trainLoss <= -Math.log(chance) || isChance(best.top1, run.counts.val, chance)) return null;
  const figures = { loss: number(trainLoss), chance: number(-Math.log(chance)) };
  return advice('diverging', figures, lowerRate(run));
}

function noLearning({ run, best, epochs, trainLoss, trainTop1, chance }: Facts): Advice | null {
  const { val, train } = run.counts;
  if (!isChance(best.top1, val, chance) || !isChance(trainTop1, train, chance)) return null;
  // Few images can hide it from the accuracies, and a warm-up holds the rate down.
  if (trainLoss < -Math.log(chance) * LEARNED || epochs <= run.config.schedule.warmupEpochs)
    return null;
  const figures = {
    epochs: count(epochs),
    validation: percent(best.top1),
    classes: count(run.classes.length),
  };
  // Worse than knowing nothing: the updates throw the weights about. Else they are too small.
  const tooLarge = trainLoss > -Math.log(chance);
  return advice('no-learning', figures, tooLarge ? lowerRate(run) : higherRate(run));
}

/** Whether an accuracy is not above that of guessing by more than chance. */
function isChance(accuracy: number, images: number, chance: number): boolean {
  return accuracy <= chance + CERTAIN * Math.sqrt((chance * (1 - chance)) / images);
}

/** More than one fall that the number of images does not explain. */
function unstable({ run, validations }: Facts): Advice | null {
  const { val } = run.counts;
  const settled = validations.filter(({ epoch }) => epoch > run.config.schedule.warmupEpochs);
  const falls = settled.flatMap(({ top1: after }, i) => {
    const before = settled[i - 1]?.top1 ?? after;
    const error = Math.hypot(standardError(before, val), standardError(after, val));
    return before - after > CERTAIN * error ? [{ before, after }] : [];
  });
  if (falls.length < 2) return null;
  const worst = falls.reduce((a, b) => (a.before - a.after >= b.before - b.after ? a : b));
  const figures = { before: percent(worst.before), after: percent(worst.after) };
  return advice('unstable', figures, lowerRate(run));
}

function memorises({ run, best, epochs, trainTop1 }: Facts): Advice | null {
  const { train, val } = run.counts;
  const error = Math.hypot(standardError(trainTop1, train), standardError(best.top1, val));
  if (trainTop1 - best.top1 - LIKELY * error <= NOTABLE_GAP) return null;
  const figures = { training: percent(trainTop1), validation: percent(best.top1) };
  const { augmentation } = run.config;
  const { method } = run.config.tuning;
  const context = { method, mayFlip: flipObjection(run.classes) === null, backbone: null };
  const flips =
    !augmentation.flip && defaultOf(SETTINGS['augmentation.flip'], context) === true
      ? [{ key: 'augmentation.flip', value: true } as const]
      : [];
  const { cropScaleMin, padCrop, randAugmentOps } = augmentation;
  const crops =
    cropScaleMin === 1 && padCrop === 0 && randAugmentOps === 0
      ? [{ key: 'augmentation.cropScaleMin', value: cropOf(method) } as const]
      : [];
  if (crops.length > 0)
    return advice('memorises', figures, {
      remedy: flips.length > 0 ? 'crop-flip' : 'crop',
      changes: [...crops, ...flips],
    });
  if (flips.length > 0) return advice('memorises', figures, { remedy: 'flip', changes: flips });
  const { weightDecay } = run.config.optimizer;
  const shorter: readonly Change[] =
    run.ended && best.epoch <= epochs / 2
      ? [{ key: 'schedule.epochs', value: Math.max(MANY_EPOCHS, Math.ceil(best.epoch)) }]
      : [];
  const decay = Math.min(MOST_DECAY, Math.max(10 * weightDecay, 0.01));
  return advice('memorises', figures, {
    remedy: 'regularise',
    changes: [{ key: 'optimizer.weightDecay', value: short(decay) }, ...shorter],
  });
}

/** A crop as by default, or mild where the method has none. */
function cropOf(method: keyof typeof METHOD_DEFAULTS): number {
  const { cropScaleMin } = METHOD_DEFAULTS[method].augmentation;
  return cropScaleMin < 1 ? cropScaleMin : 0.6;
}

/** The last quarter of the epochs raised the best by more than a standard error, up to the end. */
function improving({ run, validations, best, epochs }: Facts): Advice | null {
  const earlier = validations.filter(({ epoch }) => epoch <= 0.75 * epochs);
  const before = earlier.reduce((most, { top1 }) => Math.max(most, top1), 0);
  const after = best.top1;
  if (earlier.length === 0 || best.epoch <= 0.9 * epochs) return null;
  if (after - before <= standardError(after, run.counts.val)) return null;
  const figures = {
    before: percent(before),
    after: percent(after),
    more: count(Math.max(1, Math.round(run.config.schedule.epochs / 2))),
  };
  return advice('improving', figures, { remedy: 'extend', changes: [] });
}

function fewValidation({ run, best }: Facts): Advice | null {
  const [low, high] = accuracyInterval(best.top1, run.counts.val);
  if ((high - low) / 2 <= WIDE_INTERVAL) return null;
  const figures = {
    images: count(run.counts.val),
    validation: percent(best.top1),
    low: percent(low),
    high: percent(high),
  };
  return advice('few-validation', figures, { remedy: 'more-validation', changes: [] });
}

function earlyBest({ run, best, epochs }: Facts): Advice | null {
  if (run.config.earlyStopping > 0 || epochs < MANY_EPOCHS || best.epoch > epochs / 2) return null;
  const patience = Math.max(PATIENCE, Math.round(epochs / 4));
  const figures = { best: count(best.epoch), epochs: count(epochs), patience: count(patience) };
  const changes: Change[] = [{ key: 'earlyStopping', value: patience }];
  return advice('early-best', figures, { remedy: 'early-stopping', changes });
}

type Remedy = Pick<Advice, 'remedy' | 'changes'> & { readonly figures?: Advice['figures'] };

function lowerRate({ config }: AdvisedRun): Remedy {
  return rate(config, config.optimizer.learningRate / 3);
}

function higherRate({ config }: AdvisedRun): Remedy {
  return rate(config, config.optimizer.learningRate * 3);
}

/** The default of the method where it lies between, else the rate itself. */
function rate(config: TrainingConfig, tried: number): Remedy {
  const now = config.optimizer.learningRate;
  const usual = METHOD_DEFAULTS[allSettings(config).method].optimizer.learningRate;
  const value = short(tried < now ? Math.max(tried, usual < now ? usual : 0) : tried);
  return {
    remedy: 'rate',
    changes: [{ key: 'optimizer.learningRate', value }],
    figures: { rate: number(value) },
  };
}

function advice(kind: AdviceKind, figures: Advice['figures'], remedy: Remedy): Advice {
  const { changes } = remedy;
  return { kind, remedy: remedy.remedy, changes, figures: { ...figures, ...remedy.figures } };
}

const percent = (value: number): Figure => ({ value, as: 'percent' });
const count = (value: number): Figure => ({ value, as: 'count' });
/** Three digits say enough. */
const number = (value: number): Figure => ({ value: Number(value.toPrecision(3)), as: 'number' });

/** Two digits, as people type it. */
const short = (value: number): number => Number(value.toPrecision(2));
